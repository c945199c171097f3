import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { OpenStoreOptions, SessionStore } from '@stackone/openai-agents-js-sessions';
import type { World } from '../world.ts';
import { assertSame } from './promises.ts';

/** Changes a store so that it breaks a promise: to see that the fuzzer finds that. */
export type Plant = (store: SessionStore, world: World) => SessionStore;

/** Stores of one world that are played on, in the variants that treat items otherwise. */
export interface Stage {
  readonly world: World;
  readonly store: SessionStore;
  readonly stores: Readonly<Record<StoreKind, SessionStore>>;
  /** What is in the database of others: it has to stay as it is. */
  readonly bystanders: Bystanders;
  close(): Promise<void>;
}

/** The kinds of stores, by how they store items. */
export const STORE_KINDS = ['plain', 'encrypted', 'responses'] as const;
type StoreKind = (typeof STORE_KINDS)[number];

const OPTIONS: Readonly<Record<StoreKind, OpenStoreOptions>> = {
  plain: {},
  encrypted: { encryption: { key: 'a key of the fuzzer' } },
  responses: { itemFormat: 'responses' },
};

/** Opens the stores, with conversations and a table of others beside them. */
export async function openStage(world: World, plant: Plant = (store) => store): Promise<Stage> {
  const opened = await Promise.all(STORE_KINDS.map((kind) => world.open(OPTIONS[kind])));
  const warned = opened.map((store) =>
    plant(
      store.on('warning', () => {}),
      world,
    ),
  );
  const stores = Object.fromEntries(
    STORE_KINDS.map((kind, index) => [kind, warned[index]]),
  ) as Stage['stores'];
  const bystanders = new Bystanders(world, opened[0] as SessionStore);
  await bystanders.settle();
  return {
    world,
    stores,
    store: stores.plain,
    bystanders,
    close: async () => {
      await Promise.all(opened.map((store) => store.close()));
      await world.close();
    },
  };
}

/** Conversations of others, a tenant's among them, and a table that is not the store's. */
class Bystanders {
  readonly #world: World;
  readonly #store: SessionStore;
  readonly #id = `bystander ${randomUUID()}`;
  #before = '';

  constructor(world: World, store: SessionStore) {
    this.#world = world;
    this.#store = store;
  }

  /** Empties all tables and puts them there anew. */
  async settle(): Promise<void> {
    const { database } = this.#world;
    if (database) {
      await database.run('CREATE TABLE IF NOT EXISTS orders (id INTEGER PRIMARY KEY, text VARCHAR(20))');
      const tables = (await database.tables()).filter((name) => !name.endsWith('_schema'));
      // items before conversations, which they refer to
      for (const table of tables.sort()) await database.run(`DELETE FROM ${database.quoted(table)}`);
      await database.run("INSERT INTO orders VALUES (1, 'of others')");
    } else {
      for (const store of [this.#store, this.#store.scoped('tenant')])
        for await (const { id } of store.sessions.list()) await store.sessions.delete(id);
    }
    const said = [{ role: 'user', content: 'of others' } as const];
    for (const session of [this.#store.session(this.#id), this.#store.scoped('tenant').session(this.#id)])
      await session.addItems(said, undefined, { operationId: 'once' });
    await this.#store.sessions.update(this.#id, { title: 'of others', metadata: { of: 'others' } });
    this.#before = await this.#all();
  }

  /** Fails if anything is otherwise, or there is anything else: all that was played has to be gone again. */
  async check(): Promise<void> {
    assertSame(await this.#all(), this.#before, 'what is in the database of others, or left over');
  }

  async #all(): Promise<string> {
    const { database } = this.#world;
    if (!database) return this.#allInMemory();
    const tables: string[] = [];
    for (const table of (await database.tables()).sort()) {
      const rows = await database.run(`SELECT * FROM ${database.quoted(table)}`);
      tables.push(
        `${table}: ${rows
          .map((row) => JSON.stringify(row))
          .sort()
          .join('\n')}`,
      );
    }
    assert.notEqual(tables.length, 0);
    return tables.join('\n');
  }

  async #allInMemory(): Promise<string> {
    const found: unknown[] = [];
    for (const store of [this.#store, this.#store.scoped('tenant')])
      for await (const one of store.sessions.list({ by: 'id' }))
        found.push(one, await store.session(one.id).getItems());
    return JSON.stringify(found);
  }
}
