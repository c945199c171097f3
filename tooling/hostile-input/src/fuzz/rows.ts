import { randomUUID } from 'node:crypto';
import { hostOf } from '@stackone/sessions-core/backend';
import fc from 'fast-check';
import { attempt } from './promises.ts';
import { STORE_KINDS, type Stage } from './stage.ts';
import { hostileText, longText } from './texts.ts';

const nested = (levels: number, open: string, close: string) =>
  `${open.repeat(levels)}1${close.repeat(levels)}`;

/** Types of items, the SDK's and others. */
const TYPES = [
  'message',
  'function_call',
  'function_call_result',
  'function_call_output',
  'hosted_tool_call',
  'computer_call',
  'computer_call_output',
  'shell_call',
  'shell_call_output',
  'apply_patch_call',
  'apply_patch_call_output',
  'program',
  'program_output',
  'tool_search_call',
  'tool_search_output',
  'reasoning',
  'compaction',
  'unknown',
  'web_search_call',
  'mcp_call',
  'constructor',
  '__proto__',
];
const FIELDS = [
  'type',
  'role',
  'content',
  'id',
  'callId',
  'call_id',
  'name',
  'arguments',
  'output',
  'status',
  'providerData',
  'provider_data',
  'caller',
  'execution',
  'action',
  'operation',
  'rawContent',
  'summary',
  'tools',
  'stackone_agents_js',
  'fields',
  'keys',
  'set',
  'wrap',
  'only',
  '$sessions',
  '__enc__',
  'kid',
  'payload',
  'v',
  'metadata',
  'title',
  'toString',
  'toJSON',
  '__proto__',
];

const { json } = fc.letrec<{ json: unknown }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 4 },
    { weight: 2, arbitrary: hostileText },
    {
      weight: 2,
      arbitrary: fc.constantFrom<unknown>(
        ...TYPES,
        'user',
        'assistant',
        'completed',
        '{}',
        0,
        -1,
        1e300,
        true,
        null,
      ),
    },
    { weight: 1, arbitrary: fc.array(tie('json'), { maxLength: 3 }) },
    {
      weight: 3,
      arbitrary: fc
        .array(fc.tuple(fc.oneof(fc.constantFrom(...FIELDS), hostileText), tie('json')), { maxLength: 4 })
        .map((entries) => Object.fromEntries(entries)),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(
          fc.constantFrom(
            'undefined',
            'Number',
            'BigInt',
            'Uint8Array',
            'Date',
            'Map',
            'Set',
            'Object',
            '__proto__',
          ),
          fc.oneof(
            tie('json'),
            fc.constantFrom('NaN', '-0', `${'9'.repeat(50_000)}`, [['a', 1]], 8.64e15, 8.64e15 + 1),
          ),
        )
        .map((content) => ({ $sessions: content })),
    },
  ),
}));

/** An item that has everything in wrong places. */
const oddItem = fc
  .tuple(fc.constantFrom(...TYPES), fc.array(fc.tuple(fc.constantFrom(...FIELDS), json), { maxLength: 6 }))
  .map(([type, entries]) => JSON.stringify({ type, ...Object.fromEntries(entries) }));

/** Any text that a row may have. */
const rowText: fc.Arbitrary<string> = fc.oneof(
  { weight: 5, arbitrary: oddItem },
  { weight: 2, arbitrary: json.map((value) => JSON.stringify(value)) },
  { weight: 1, arbitrary: longText },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '{',
      '{"role":"user","content":"x"}}',
      '{"role":"user","role":"assistant","content":"x"}',
      '\ufeff{"role":"user","content":"x"}',
      '{"role":"user","content":"\\ud800"}',
      '{"\\u005f_proto__":{"polluted":"yes"}}',
      `${'{"type":"unknown","providerData":'.repeat(3000)}1${'}'.repeat(3000)}`,
      `{"role":"user","content":${nested(600, '[', ']')}}`,
      `{"role":"user","content":${nested(20_000, '[', ']')}}`,
      `{"role":"user","providerData":${nested(20_000, '{"a":', '}')}}`,
      `{"type":"function_call_result","callId":"c","output":${nested(5000, '{"text":', '}')}}`,
      `{"type":"function_call_output","call_id":"c","output":${nested(5000, '[', ']')}}`,
      `{"role":"user","content":${nested(3000, '{"$sessions":["Object",', ']}')}}`,
      `{"role":"user","x":${nested(3000, '{"$sessions":["Set",[', ']]}')}}`,
      `{"type":"message","provider_data":{"stackone_agents_js":${nested(3000, '{"fields":{"a":', '}}')}}}`,
      `{"a\\":"${'key_'.repeat(10_000)}":1}`,
    ),
  },
);

/** What a text may be put into besides items. */
const SIDE_TABLES: Readonly<Record<string, string>> = {
  description: 'INSERT INTO agent_sessions_metadata (session_id, description, version) VALUES (?, ?, 1)',
  operation: 'INSERT INTO agent_sessions_operations (session_id, operation_id, digest) VALUES (?, ?, ?)',
  usage:
    'INSERT INTO agent_sessions_usage (session_id, response, tenant, turn, model, recorded_at, requests, input_tokens, output_tokens, ' +
    "total_tokens, cached_tokens, reasoning_tokens) VALUES (?, 'r', ?, 9007199254740993, 'm', 9007199254740993, -1, -1, 2, 3, 4, 5)",
  run:
    'INSERT INTO agent_sessions_runs (run_id, entry, session_id, tenant, state, fence, lease_until, place, created_at, changed_at, ' +
    "content) VALUES (?, '', ?, '', ?, 1, 1, NULL, 1, 1, ?)",
};

const STATES = ['waiting', 'running', 'completed', 'failed', 'cancelled', 'queued', 'odd', ''];

interface Drawn {
  readonly rows: readonly string[];
  readonly description: string | undefined;
  readonly digest: string | undefined;
  readonly run: readonly [state: string, content: string] | undefined;
  readonly withUsage: boolean;
  readonly kind: (typeof STORE_KINDS)[number];
}

/** Whatever stands in the rows of a conversation: reading, changing and deleting it ends, and others do not notice. */
export const rows = {
  arbitrary: fc.record({
    rows: fc.array(rowText, { minLength: 1, maxLength: 5 }),
    description: fc.option(rowText, { nil: undefined }),
    digest: fc.option(hostileText, { nil: undefined }),
    run: fc.option(fc.tuple(fc.constantFrom(...STATES), rowText), { nil: undefined }),
    withUsage: fc.boolean(),
    kind: fc.constantFrom(...STORE_KINDS),
  }) as fc.Arbitrary<Drawn>,

  async play(stage: Stage, drawn: Drawn): Promise<void> {
    const id = randomUUID();
    const store = stage.stores[drawn.kind];
    const session = store.session(id);
    await session.addItems([{ role: 'user', content: 'before' }], undefined, { operationId: 'first' });
    await insert(stage, id, drawn);
    const newest = (await attempt('history', () => session.history({ limit: 1 }))) as {
      value?: { data?: { id: string }[] };
    };
    const newestId = newest.value?.data?.[0]?.id ?? '1';
    const window = store.session(id, { window: { turns: 1, toolOutputs: { newest: 0, maxCharacters: 1 } } });
    const user = { role: 'user', content: 'x' } as const;
    const calls: readonly (readonly [string, () => unknown])[] = [
      ['getItems', () => session.getItems()],
      ['getItems of a window', () => window.getItems()],
      ['turns', () => session.turns({ limit: 2 })],
      ['history', () => session.history({ pending: true })],
      ['watch', () => session.watch({ signal: AbortSignal.abort() }).next()],
      ['usage', () => session.usage({ by: 'model' })],
      ['sessions.retrieve', () => store.sessions.retrieve(id)],
      ['sessions.list', () => store.sessions.list()],
      ['sessions.list, metadata', () => store.sessions.list({ metadata: { a: 1 } })],
      ['sessions.update', () => store.sessions.update(id, { metadata: { a: 1 } })],
      ['runs.pending', () => store.runs.pending()],
      ['runs.retrieve', () => store.runs.retrieve(id)],
      ['runs.decide', () => store.runs.decide(id, [{ callId: 'c', approve: true }])],
      ['runs.cancel', () => store.runs.cancel(id)],
      [
        'addItems',
        () =>
          window.addItems([
            { type: 'function_call_result', callId: 'c', name: 'f', status: 'completed', output: 'x' },
          ]),
      ],
      ['addItems again', () => session.addItems([user], undefined, { operationId: 'digest' })],
      [
        'applyHistoryMutations',
        () =>
          session.applyHistoryMutations({
            mutations: [
              {
                type: 'replace_function_call',
                callId: 'c',
                replacement: { type: 'function_call', callId: 'c', name: 'f', arguments: '{}' },
              },
            ],
          }),
      ],
      [
        'applyHistoryTransaction',
        () =>
          session.applyHistoryTransaction({
            operationId: 'suffix',
            transaction: { type: 'replace_suffix', expectedSuffix: [user], replacement: [user] },
          }),
      ],
      ['replaceItem', () => session.replaceItem(newestId, user)],
      ['removeItem', () => session.removeItem(newestId)],
      ['rewind', () => session.rewind(newestId)],
      ['popItem', () => session.popItem()],
      ['fork', () => store.sessions.fork(id, `${id} fork`)],
      ['replaceHistoryWithCompaction', () => session.replaceHistoryWithCompaction([user])],
    ];
    // counts that no store wrote cannot be summed
    for (const [name, call] of calls) await attempt(name, call, name === 'usage' ? ['DATABASE_ERROR'] : MORE);
    for (const one of [id, `${id} fork`]) await attempt('sessions.delete', () => store.sessions.delete(one));
  },
};

const MORE = [
  'RUN_INCOMPATIBLE',
  'RUN_CANCELLED',
  'RUN_DECIDED',
  'RUN_FAILED',
  'RUN_LOST',
  'OUTCOME_UNKNOWN',
] as const;

async function insert({ world, stores }: Stage, id: string, drawn: Drawn): Promise<void> {
  const { database } = world;
  const texts = drawn.rows.map((text) => asStored(world.engine, text));
  if (!database) {
    // what the store in memory has cannot be written by others: its backend is handed the texts
    const work = (backend: {
      append(batches: readonly { sessionId: string; texts: readonly string[] }[]): unknown;
    }) => backend.append([{ sessionId: id, texts }]);
    await hostOf(stores[drawn.kind]).perform('addItems', () => ({ storedId: id, work: work as never }));
    return;
  }
  for (const text of texts)
    await database.run('INSERT INTO agent_messages (session_id, message_data) VALUES (?, ?)', [id, text]);
  const put = async (table: string, ...values: readonly unknown[]) =>
    database.run(
      SIDE_TABLES[table] as string,
      values.map((value) => asStored(world.engine, String(value))),
    );
  if (drawn.description !== undefined) await put('description', id, drawn.description);
  if (drawn.digest !== undefined) await put('operation', id, 'digest', drawn.digest);
  if (drawn.withUsage) await put('usage', id, '');
  if (drawn.run) await put('run', id, id, ...drawn.run);
}

/** As a text of the database can be: UTF-8, and in PostgreSQL without NUL. */
function asStored(engine: string, text: string): string {
  const wellFormed = text.toWellFormed();
  return engine === 'postgres' ? wellFormed.replaceAll('\0', '\ufffd') : wellFormed;
}
