import { randomUUID } from 'node:crypto';
import { isSessionError, type SessionChange } from '@stackone/openai-agents-js-sessions';
import fc from 'fast-check';
import { assertSame, attempt } from './promises.ts';
import { STORE_KINDS, type Stage } from './stage.ts';
import { hostileText, longText } from './texts.ts';
import { type Hostile, jsonValue } from './values.ts';

interface Drawn {
  readonly title: string;
  readonly changes: readonly (readonly (readonly [key: string, value: Hostile])[])[];
  readonly kind: (typeof STORE_KINDS)[number];
}

/** Metadata are merged key by key, whatever the keys are called, and what JSON does not say is refused. */
export const descriptions = {
  arbitrary: fc.record({
    title: longText,
    changes: fc.array(
      fc.uniqueArray(fc.tuple(hostileText, jsonValue), { maxLength: 3, selector: ([key]) => key }),
      { minLength: 1, maxLength: 3 },
    ),
    kind: fc.constantFrom(...STORE_KINDS),
  }) as fc.Arbitrary<Drawn>,

  async play({ stores }: Stage, { title, changes, kind }: Drawn): Promise<void> {
    const { sessions } = stores[kind];
    const id = randomUUID();
    const titled = await attempt('sessions.update, title', () => sessions.update(id, { title }));
    if ('refused' in titled) return;
    const expected = new Map<string, unknown>();
    for (const change of changes) {
      const metadata = Object.fromEntries(change.map(([key, value]) => [key, value.make()]));
      const outcome = await attempt('sessions.update', () =>
        sessions.update(id, { metadata } as SessionChange),
      );
      const entries = change.filter(([key]) => metadata[key] !== undefined);
      const refused = entries.some(([, { fate }]) => fate === 'refused');
      if ('value' in outcome) {
        assertSame(refused, false, `whether ${entries.map(([, { says }]) => says)} had to be refused`);
        for (const [key, { meaning }] of entries) {
          const value = meaning?.();
          if (value === null) expected.delete(key);
          else expected.set(key, value);
        }
      } else if (!refused && !mayBeRefused(outcome.refused, entries)) throw outcome.refused;
      const found = await sessions.retrieve(id);
      assertSame(found?.title, title, 'the title');
      assertSame(found?.metadata, Object.fromEntries(expected), 'the metadata');
    }
    if (kind === 'plain') await checkFilter(stores.plain.sessions, id, expected);
    await sessions.delete(id);
  },
};

/** Besides what changes while it is read: what is long, and what has the key by which items escape what JSON does not say. */
function mayBeRefused(error: Error, entries: readonly (readonly [key: string, value: Hostile])[]): boolean {
  const isLong = isSessionError(error) && error.code === 'ITEM_TOO_LARGE';
  return (
    isLong || entries.some(([, { fate, says }]) => fate === 'either' || /\$sessions|an escape/.test(says))
  );
}

async function checkFilter(
  sessions: Stage['store']['sessions'],
  id: string,
  metadata: ReadonlyMap<string, unknown>,
): Promise<void> {
  for (const [key, value] of metadata) {
    if (!['string', 'number', 'boolean'].includes(typeof value)) continue;
    const filter = { metadata: Object.fromEntries([[key, value]]) as Record<string, string> };
    const outcome = await attempt('sessions.list', async () =>
      (await sessions.list(filter)).data.map((one) => one.id),
    );
    assertSame('value' in outcome && outcome.value, [id], `what has ${JSON.stringify(key)} with its value`);
  }
}
