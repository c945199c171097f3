import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { MemorySession, RunContext, type Session } from '@openai/agents-core';
import type { SessionOptions, StoreSession } from '@stackone/sessions-core';
import fc from 'fast-check';

/** A store as the test of tenants needs it. */
export interface TenantStore {
  session(sessionId: string, options?: SessionOptions<string>): StoreSession;
  scoped(tenant: string): { session(sessionId: string): StoreSession };
}

/** Texts that run into each other, and that databases like to take for one another. */
const TEXTS = [
  'a|A|a | a|a:|:a|a:a|á|a\u0301|1|01|1:|1:a|1:a:|%|a%|_|$tenant:|$tenant:1:a:|$tenant:1:a:a|%3A|a%3Aa|a/a|../a',
  '\\|\'|"|\n|?|$1|😀|😀:|ß|ss|null|undefined|\u200b|\ufeffa',
].flatMap((texts) => texts.split('|'));

/** One text, cut into a tenant and an id in several ways; a piece at the cut may be left out, as a separator is. */
const conversations = fc
  .tuple(
    fc.array(fc.oneof(fc.constantFrom(...TEXTS), fc.constant(':')), { minLength: 2, maxLength: 5 }),
    fc.array(fc.tuple(fc.nat(4), fc.boolean(), fc.constantFrom('', '', ' ', ':', 'a', 'A')), {
      minLength: 3,
      maxLength: 6,
    }),
  )
  .map(([pieces, cuts]) =>
    cuts.map(([at, skip, end]) => ({
      tenant: `${pieces.slice(0, at).join('')}${at === 0 ? '' : end}`,
      id: pieces.slice(skip ? at + 1 : at).join(''),
    })),
  )
  .map((names) => [...new Map(names.map((name) => [JSON.stringify(name), name])).values()].filter(isAllowed))
  .filter(({ length }) => length > 0);

/** An empty tenant stands for none. */
function isAllowed({ tenant, id }: { tenant: string; id: string }): boolean {
  return tenant === '' ? !id.startsWith('$tenant:') : tenant.trim() !== '';
}

const calls = fc.array(
  fc.record({
    conversation: fc.nat(5),
    kind: fc.constantFrom('add', 'add', 'add', 'pop', 'clear', 'read'),
    byContext: fc.boolean(),
  }),
  { minLength: 4, maxLength: 16 },
);

/**
 * Plays random calls against conversations of tenants and of nobody, whose names are easily taken for each other,
 * and against a `MemorySession` for each. Prints its seed.
 *
 * @throws AssertionError with the shortest sequence found that ends differently.
 */
export async function playTenants(name: string, store: TenantStore, runs = 100): Promise<void> {
  const seed = Number(process.env.MODEL_SEED ?? Math.floor(Math.random() * 2 ** 31));
  console.info(`${name}: ${runs} sequences of tenants, seed ${seed}`);
  const property = fc.asyncProperty(conversations, calls, async (names, sequence) => {
    const one = randomUUID(); // conversations that no other sequence has
    const all = names.map(({ tenant, id }) => ({ tenant, id: `${id}${one}`, model: new MemorySession() }));
    const open = ({ tenant, id }: (typeof all)[number], byContext: boolean): Session => {
      if (tenant === '') return store.session(id);
      return byContext ? inContext(store, tenant, id) : store.scoped(tenant).session(id);
    };
    for (const [turn, { conversation, kind, byContext }] of sequence.entries()) {
      const chosen = all[conversation % all.length] as (typeof all)[number];
      const result = await play(open(chosen, byContext), kind, turn);
      assert.deepEqual(result, await play(chosen.model, kind, turn));
    }
    for (const one of all) assert.deepEqual(await open(one, true).getItems(), await one.model.getItems());
  });
  await fc.assert(property, { numRuns: runs, seed, verbose: 1 });
}

/** The session that asks for its tenant, with the run context of a run of this tenant. */
function inContext(store: TenantStore, tenant: string, id: string): Session {
  const session = store.session(id, { tenant: ({ context }: RunContext<string>) => context });
  const runContext = new RunContext(tenant);
  return {
    getSessionId: () => session.getSessionId(),
    getItems: (limit) => session.getItems(limit, runContext),
    addItems: (items) => session.addItems(items, runContext),
    popItem: () => session.popItem(runContext),
    clearSession: () => session.clearSession(runContext),
  };
}

function play(session: Session, kind: string, turn: number): Promise<unknown> {
  if (kind === 'add') return session.addItems([{ role: 'user', content: `turn ${turn}` }]);
  if (kind === 'pop') return session.popItem();
  if (kind === 'clear') return session.clearSession();
  return session.getItems();
}
