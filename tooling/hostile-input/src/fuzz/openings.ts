import { randomUUID } from 'node:crypto';
import {
  MemorySessionStore,
  MysqlSessionStore,
  mysqlSchemaSql,
  openSessionStore,
  PostgresSessionStore,
  parseStoreUrl,
  postgresSchemaSql,
  SqliteSessionStore,
  sqliteSchemaSql,
} from '@stackone/openai-agents-js-sessions';
import fc from 'fast-check';
import { assertSame, attempt } from './promises.ts';
import type { Stage } from './stage.ts';
import { hostileText } from './texts.ts';
import { anyArgument, type Hostile } from './values.ts';

const OPTIONS = [
  'createTables',
  'tables',
  'schema',
  'encryption',
  'itemFormat',
  'onCorruptItem',
  'groupCommit',
  'exactlyOnce',
  'operationRetentionDays',
  'retention',
  'maxRetries',
  'retryDelay',
  'timeout',
  'max',
  'connectionTimeout',
  'busyTimeout',
  'synchronous',
  'ssl',
  'driver',
  'drivers',
  'maxWaitingTurns',
  'maxWaitingBytes',
];

/** Makes a store or reads a URL, without touching a database. */
// biome-ignore lint/suspicious/noExplicitAny: what is handed over is of no type at all
const MAKERS: Readonly<Record<string, (url: string, options: any) => unknown>> = {
  parseStoreUrl: (url) => parseStoreUrl(url),
  memory: (_, options) => new MemorySessionStore(options),
  sqlite: (_, options) => new SqliteSessionStore({ url: 'sqlite::memory:' }, options),
  postgres: (_, options) => new PostgresSessionStore({ url: 'postgres://u:p@127.0.0.1:9/db' }, options),
  mysql: (_, options) => new MysqlSessionStore({ url: 'mysql://u:p@127.0.0.1:9/db' }, options),
  'sqlite, URL': (url) => new SqliteSessionStore({ url }),
  'postgres, URL': (url) => new PostgresSessionStore({ url }),
  'mysql, URL': (url) => new MysqlSessionStore({ url }),
  'sqlite, schema': (_, options) => sqliteSchemaSql(options),
  'postgres, schema': (_, options) => postgresSchemaSql(options),
  'mysql, schema': (_, options) => mysqlSchemaSql(options),
};

const url = fc.oneof(
  hostileText,
  fc
    .tuple(
      fc.constantFrom(
        'postgres:',
        'postgresql:',
        'mysql:',
        'mariadb:',
        'sqlite:',
        'file:',
        'memory:',
        'constructor:',
        '__proto__:',
        'javascript:',
        'POSTGRES:',
      ),
      fc.constantFrom('', '//', '///'),
      fc.array(
        fc.oneof(
          hostileText,
          fc.constantFrom(
            '@',
            ':',
            '/',
            '?',
            '#',
            '&',
            '=',
            '%',
            '%00',
            '%zz',
            '[::1',
            'host',
            '5432',
            '99999',
            'sslmode',
            'require',
            'timezone',
          ),
        ),
        {
          maxLength: 8,
        },
      ),
    )
    .map(([scheme, slashes, parts]) => `${scheme}${slashes}${parts.join('')}`),
);

interface Drawn {
  readonly maker: string;
  readonly url: string;
  readonly options: readonly (readonly [name: string, value: Hostile])[];
  readonly tables: { readonly sessions: string; readonly messages: string } | undefined;
}

/** Names of tables are names, however they look; options and URLs are taken, or refused with a typed error. */
export const openings = {
  arbitrary: fc.record({
    maker: fc.constantFrom(...Object.keys(MAKERS)),
    url,
    options: fc.array(
      fc.tuple(fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...OPTIONS) }, hostileText), anyArgument),
      { maxLength: 2 },
    ),
    tables: fc.option(fc.record({ sessions: hostileText, messages: hostileText }), {
      nil: undefined,
      freq: 1,
    }),
  }) as fc.Arbitrary<Drawn>,

  async play(stage: Stage, { maker, url: drawnUrl, options, tables }: Drawn): Promise<void> {
    const make = MAKERS[maker] as (typeof MAKERS)[string];
    const given = Object.fromEntries(options.map(([name, value]) => [name, value.make()]));
    const what = `${maker}(${JSON.stringify(drawnUrl)}, ${options.map(([name, { says }]) => `${name}: ${says}`)})`;
    await attempt(what, () => void make(drawnUrl, given));
    if (tables && stage.world.database) await openOn(stage, tables);
  },
};

/** Opens a store on tables of these names, if it may, uses it, and drops them. */
async function openOn({ world }: Stage, tables: NonNullable<Drawn['tables']>): Promise<void> {
  const { database, url: at = '' } = world;
  if (!database) return;
  const before = new Set(await database.tables());
  const outcome = await attempt(
    `tables ${JSON.stringify(tables)}`,
    async () => {
      await using store = await openSessionStore(at, { tables });
      const session = store.session(randomUUID());
      const items = [{ role: 'user' as const, content: 'x' }];
      await session.addItems(items, undefined, { operationId: 'once' });
      await store.sessions.update(session.sessionId, { title: 'x' });
      assertSame(await session.getItems(), items, 'what is in tables of odd names');
    },
    NAMES_REFUSED,
  );
  const made = (await database.tables()).filter((name) => !before.has(name));
  if ('value' in outcome && !(made.includes(tables.sessions) && made.includes(tables.messages)))
    assertSame(made, [tables.sessions, tables.messages], 'the tables that were made');
  // items before conversations, which they refer to
  const order = made.sort(
    (one, other) => Number(other === tables.messages) - Number(one === tables.messages),
  );
  for (const name of order) await database.run(`DROP TABLE ${database.quoted(name)}`);
}

/** A server has rules of its own for names. */
const NAMES_REFUSED = ['DATABASE_ERROR', 'SCHEMA_MISMATCH', 'TABLE_MISSING'] as const;
