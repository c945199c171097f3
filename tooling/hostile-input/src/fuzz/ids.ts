import type { SessionStore } from '@stackone/openai-agents-js-sessions';
import fc from 'fast-check';
import { assertSame, attempt, type Outcome } from './promises.ts';
import type { Stage } from './stage.ts';
import { hostileText, nearTexts } from './texts.ts';

interface Drawn {
  readonly ids: readonly string[];
  /** Tenants of the same names instead, each with one conversation of this id. */
  readonly tenantsOf: string | undefined;
  readonly prefix: string;
}

const isText = (text: string) => text !== '' && text.isWellFormed() && !text.includes('\0');
const isId = (text: string) => isText(text) && !text.startsWith('$tenant:') && [...text].length <= 255;

function isTenant(tenant: string, id: string): boolean {
  const stored = `$tenant:${[...tenant].length}:${tenant}:${id}`;
  return isText(tenant) && tenant.trim() !== '' && isText(id) && [...stored].length <= 255;
}

const said = (text: string) => [{ role: 'user' as const, content: text }];

/** Ids that are nearly the same are different conversations, whatever stands in them. */
export const ids = {
  arbitrary: fc.record({
    ids: nearTexts,
    tenantsOf: fc.option(fc.oneof(fc.constant('chat'), hostileText), { nil: undefined, freq: 3 }),
    prefix: hostileText,
  }) as fc.Arbitrary<Drawn>,

  async play({ store }: Stage, drawn: Drawn): Promise<void> {
    const names = await fill(store, drawn);
    for (const name of names) {
      const { sessions, id } = open(store, drawn, name);
      assertSame(await sessions.session(id).getItems(), said(name), `what is in ${JSON.stringify(name)}`);
      assertSame((await sessions.sessions.retrieve(id))?.title, JSON.stringify(name), `its title`);
    }
    if (drawn.tenantsOf === undefined) await checkLists(store, names, drawn.prefix);
    await removeAll(store, drawn, names);
  },
};

interface Opened {
  readonly sessions: Pick<SessionStore, 'session' | 'sessions'>;
  readonly id: string;
}

function open(store: SessionStore, { tenantsOf }: Drawn, name: string): Opened {
  if (tenantsOf === undefined) return { sessions: store, id: name };
  return { sessions: store.scoped(name), id: tenantsOf };
}

/** Puts a turn and a title into each conversation whose id is one. */
async function fill(store: SessionStore, drawn: Drawn): Promise<string[]> {
  const names: string[] = [];
  for (const name of drawn.ids) {
    const isRight = drawn.tenantsOf === undefined ? isId(name) : isTenant(name, drawn.tenantsOf);
    const outcome: Outcome = await attempt('session', async () => {
      const { sessions, id } = open(store, drawn, name);
      await sessions.session(id).addItems(said(name), undefined, { operationId: `op ${name}` });
      await sessions.sessions.update(id, { title: JSON.stringify(name), metadata: { [name]: name } });
    });
    assertSame('value' in outcome, isRight, `whether ${JSON.stringify(name)} was accepted`);
    if (isRight) names.push(name);
  }
  return names;
}

async function checkLists(store: SessionStore, names: readonly string[], drawnPrefix: string): Promise<void> {
  for (const prefix of [...names, drawnPrefix]) {
    const outcome = await attempt('list', () => all(store, prefix));
    if (!('value' in outcome)) continue;
    const expected = names.filter((name) => name.startsWith(prefix));
    const found = (outcome.value as string[]).filter((id) => !id.startsWith('bystander '));
    assertSame(found.sort(), expected.sort(), `the conversations that begin with ${JSON.stringify(prefix)}`);
  }
}

async function all(store: SessionStore, idPrefix: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { id } of store.sessions.list(idPrefix === '' ? {} : { idPrefix, limit: 2 }))
    found.push(id);
  return found;
}

/** One goes after the other, each in another way, and those that are left are as they were. */
async function removeAll(store: SessionStore, drawn: Drawn, names: readonly string[]): Promise<void> {
  const left = [...names];
  for (const [nth, name] of names.entries()) {
    const { sessions, id } = open(store, drawn, name);
    if (nth % 3 === 0) await sessions.session(id).popItem();
    if (nth % 3 === 1) await sessions.session(id).clearSession();
    left.shift();
    for (const other of left) {
      const { sessions: others, id: otherId } = open(store, drawn, other);
      assertSame(await others.session(otherId).getItems(), said(other), `what is in another conversation`);
    }
    await sessions.sessions.delete(id);
    assertSame(await sessions.sessions.retrieve(id), undefined, 'a conversation that was deleted');
  }
}
