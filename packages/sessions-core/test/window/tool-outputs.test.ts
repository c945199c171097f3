// Promise: Windows.
import { randomBytes } from 'node:crypto';
import { type AgentInputItem, OpenAIResponsesCompactionSession } from '@openai/agents';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  SessionStore,
  type SessionWindow,
  type StoreOptions,
  type ToolOutputBound,
} from '../../src/index.js';
import { restoreOutputs } from '../../src/window/tool-outputs.js';
import { WindowScan, windowOf } from '../../src/window/window.js';
import { createToyBackend } from '../conformance/toy-backend.mjs';
import { anyItem, call, item, say, user } from './histories.js';

/** Copies, as a session reads them: their texts are shortened in place. */
function windowIn(history: readonly AgentInputItem[], window: SessionWindow): AgentInputItem[] {
  const scan = new WindowScan(window);
  for (const older of structuredClone(history).toReversed()) {
    if (scan.complete) break;
    scan.add(older);
  }
  return scan.window();
}

const long = (name: string) => `${name} ${'begin '.repeat(40)}middle${' end'.repeat(60)}`;
const result = (callId: string, output: unknown = long(callId)) =>
  item({ type: 'function_call_result', callId, name: 'f', status: 'completed', output });
const turn = (id: string, ...output: unknown[]) => [
  user(`question ${id}`),
  call(id),
  result(id, ...output),
  say(id),
];
const OF = (newest: number, maxCharacters: number): SessionWindow => ({
  toolOutputs: { newest, maxCharacters },
});
const MARK = /\[(\d+) characters of this output are left out\]/g;
const outputs = (items: readonly AgentInputItem[]) =>
  items.flatMap((one) => ('output' in one ? [one.output] : []));

test('an old result keeps the beginning and the end of its text, with a mark; nothing else is changed', () => {
  const history = [...turn('a'), ...turn('b')];
  const text = long('a');
  const short = `${text.slice(0, 50)}[${text.length - 100} characters of this output are left out]${text.slice(-50)}`;
  const expected = [...history];
  expected[2] = result('a', short);
  expect(windowIn(history, OF(0, 100))).toEqual(expected);
});

test('the newest results before the newest turn stay whole, and so does the newest turn with all of its own', () => {
  const history = [
    ...turn('a'),
    ...turn('b'),
    ...turn('c'),
    ...turn('d').slice(0, -1),
    call('e'),
    result('e'),
    call('f'),
    result('f'),
  ];
  const whole = (newest: number) =>
    outputs(windowIn(history, OF(newest, 10)))
      .map((text) => String(text))
      .filter((text) => !text.match(MARK))
      .map((text) => text.charAt(0));
  expect(whole(0)).toEqual(['d', 'e', 'f']);
  expect(whole(1)).toEqual(['c', 'd', 'e', 'f']);
  expect(whole(2)).toEqual(['b', 'c', 'd', 'e', 'f']);
  expect(whole(3)).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
});

test('what a turn adds while it lasts changes nothing that stands before it', () => {
  const before = [...turn('a'), ...turn('b'), user('more')];
  const after = [...before, call('c'), result('c'), call('d'), result('d')];
  const window = OF(1, 10);
  expect(windowIn(after, window).slice(0, before.length)).toEqual(windowIn(before, window));
});

test('without a user message there is one turn, and nothing is shortened', () => {
  const history = [call('a'), result('a'), call('b'), result('b')];
  expect(windowIn(history, OF(0, 0))).toEqual(history);
});

/** Every form in which a text stands in a result. */
const FORMS: Readonly<Record<string, (text: string) => object>> = {
  'a text': (text) => ({ type: 'function_call_result', callId: 'x', name: 'f', output: text }),
  'a text object': (text) => ({
    type: 'function_call_result',
    callId: 'x',
    name: 'f',
    output: { type: 'text', text },
  }),
  'a list': (text) => ({
    type: 'function_call_result',
    callId: 'x',
    name: 'f',
    output: [
      { type: 'input_image', image: 'data:image/png;base64,iVBORw0KGgo=' },
      { type: 'input_text', text },
    ],
  }),
  'a shell': (text) => ({
    type: 'shell_call_output',
    callId: 'x',
    output: [{ stdout: text, stderr: '', outcome: { type: 'exit', exitCode: 0 } }],
  }),
  'errors of a shell': (text) => ({
    type: 'shell_call_output',
    callId: 'x',
    output: [{ stdout: '', stderr: text, outcome: { type: 'timeout' } }],
  }),
  'a patch': (text) => ({
    type: 'apply_patch_call_output',
    callId: 'x',
    status: 'completed',
    output: text,
  }),
  'a program': (text) => ({ type: 'program_output', callId: 'x', output: text, status: 'completed' }),
  'a program as the API has it': (text) => ({ type: 'program_output', call_id: 'x', result: text }),
  'a function as the API has it': (text) => ({ type: 'function_call_output', call_id: 'x', output: text }),
  'a local shell': (text) => ({
    type: 'unknown',
    providerData: { type: 'local_shell_call_output', call_id: 'x', output: text },
  }),
  'a custom tool': (text) => ({
    type: 'unknown',
    providerData: {
      type: 'custom_tool_call_output',
      call_id: 'x',
      output: [{ type: 'input_text', text }],
    },
  }),
  'a hosted MCP tool': (text) => ({
    type: 'hosted_tool_call',
    name: 'mcp_call',
    id: 'x',
    output: text,
    providerData: { type: 'mcp_call', id: 'x', server_label: 's' },
  }),
  'a hosted MCP tool, its output beside': (text) => ({
    type: 'hosted_tool_call',
    name: 'mcp_call',
    id: 'x',
    providerData: { type: 'mcp_call', id: 'x', server_label: 's', output: text },
  }),
  'a file search': (text) => ({
    type: 'hosted_tool_call',
    name: 'file_search_call',
    id: 'x',
    providerData: { type: 'file_search_call', queries: ['q'], results: [{ file_id: 'f', score: 1, text }] },
  }),
  'a code interpreter': (text) => ({
    type: 'hosted_tool_call',
    name: 'code_interpreter_call',
    id: 'x',
    providerData: { type: 'code_interpreter_call', code: 'c', outputs: [{ type: 'logs', logs: text }] },
  }),
};

/** The call that a result needs, if it needs one. */
function callFor(value: object): AgentInputItem[] {
  const { type, providerData } = value as { type: string; providerData?: { type?: string } };
  const calls: Record<string, object> = {
    function_call_result: call('x'),
    function_call_output: { type: 'function_call', call_id: 'x', name: 'f', arguments: '{}' },
    shell_call_output: { type: 'shell_call', callId: 'x' },
    apply_patch_call_output: { type: 'apply_patch_call', callId: 'x' },
    program_output: { type: 'program', callId: 'x' },
    local_shell_call_output: {
      type: 'unknown',
      providerData: { type: 'local_shell_call', call_id: 'x' },
    },
    custom_tool_call_output: {
      type: 'unknown',
      providerData: { type: 'custom_tool_call', call_id: 'x' },
    },
  };
  const needed = calls[type === 'unknown' ? String(providerData?.type) : type];
  return needed ? [item(needed)] : [];
}

test.each(Object.keys(FORMS))('the text of %s is shortened where it stands', (name) => {
  const form = FORMS[name] as (text: string) => object;
  const text = `${'a'.repeat(500)}${'b'.repeat(500)}`;
  const short = `${'a'.repeat(10)}[980 characters of this output are left out]${'b'.repeat(10)}`;
  const history = [user('1'), ...callFor(form(text)), item(form(text)), user('2')];
  const expected = [user('1'), ...callFor(form(text)), item(form(short)), user('2')];
  expect(windowIn(history, OF(0, 20))).toEqual(expected);
  expect(windowIn(history, OF(1, 20))).toEqual(history);
});

const IMAGE = 'iVBORw0KGgo'.repeat(200);

test.each<[string, AgentInputItem[]]>([
  ['an image', [call('x'), result('x', { type: 'image', image: { data: IMAGE, mediaType: 'image/png' } })]],
  ['a file', [call('x'), result('x', [{ type: 'input_file', file: { id: IMAGE } }])]],
  [
    'a screenshot',
    [
      item({ type: 'computer_call', callId: 'x' }),
      item({
        type: 'computer_call_result',
        callId: 'x',
        output: { type: 'computer_screenshot', data: IMAGE },
      }),
    ],
  ],
  [
    'an image that a hosted tool made',
    [
      item({
        type: 'hosted_tool_call',
        name: 'image_generation_call',
        id: 'x',
        providerData: { type: 'image_generation_call', result: IMAGE },
      }),
    ],
  ],
])('%s stays, and does not count', (_name, items) => {
  const history = [...turn('a'), ...items, user('2')];
  expect(windowIn(history, OF(1, 0))).toEqual(history);
});

test('several texts share what is left, so that short ones stay whole', () => {
  const output = [
    { stdout: 'short', stderr: 'e'.repeat(1000), outcome: { type: 'exit', exitCode: 0 } },
    { stdout: 'o'.repeat(2000), stderr: '', outcome: { type: 'exit', exitCode: 1 } },
  ];
  const history = [
    user('1'),
    item({ type: 'shell_call', callId: 'x' }),
    item({ type: 'shell_call_output', callId: 'x', output }),
    user('2'),
  ];
  const [, , shown] = windowIn(history, OF(0, 105));
  const texts = (shown as unknown as { output: { stdout: string; stderr: string }[] }).output;
  expect(texts[0]?.stdout).toBe('short');
  expect(texts[0]?.stderr.replace(MARK, '')).toBe('e'.repeat(50));
  expect(texts[1]?.stdout.replace(MARK, '')).toBe('o'.repeat(50));
});

test('what would not become shorter stays, and no character is cut in two', () => {
  const nearly = [...turn('a', 'x'.repeat(130)), user('2')];
  expect(windowIn(nearly, OF(0, 100))).toEqual(nearly);
  for (const max of [0, 1, 2, 3, 10, 11, 12, 13]) {
    const [, , shown] = windowIn([...turn('a', '😀'.repeat(500)), user('2')], OF(0, max));
    const [text] = outputs(shown ? [shown] : []);
    expect(String(text).isWellFormed()).toBe(true);
    const kept = String(text).replace(MARK, '');
    expect(kept.length).toBeLessThanOrEqual(max);
    expect(Number([...String(text).matchAll(MARK)][0]?.[1])).toBe(1000 - kept.length);
  }
});

test('tokens are counted as they are handed out', () => {
  const history = [...turn('a'), ...turn('b')];
  const counted: AgentInputItem[] = [];
  const count = (value: AgentInputItem) => counted.push(structuredClone(value)) * 0 + 1;
  const shown = windowIn(history, { ...OF(0, 5), tokens: 100, count });
  expect(counted.toReversed()).toEqual(shown);
});

test.each<unknown>([
  { toolOutputs: {} },
  { toolOutputs: { newest: 5 } },
  { toolOutputs: { maxCharacters: 5 } },
  { toolOutputs: { newest: -1, maxCharacters: 5 } },
  { toolOutputs: { newest: 1, maxCharacters: 0.5 } },
  { toolOutputs: { newest: 1, maxCharacters: '5' } },
  { toolOutputs: { newest: 1, maxCharacters: 5, max: 5 } },
  { toolOutputs: 5 },
  { toolOutputs: null },
  { toolOutputs: [] },
  { toolOutputs: undefined },
])('%j is no window', (window) => {
  expect(() => windowOf(window as SessionWindow)).toThrow(TypeError);
});

const bound: fc.Arbitrary<ToolOutputBound> = fc.record({
  newest: fc.nat(4),
  maxCharacters: fc.oneof(fc.nat(60), fc.nat(600)),
});
/** Conversations whose results have texts of any length in any form. */
const withOutputs = fc.array(
  fc.oneof(
    { weight: 2, arbitrary: anyItem.map((value) => [value]) },
    {
      weight: 3,
      arbitrary: fc
        .tuple(
          fc.constantFrom(...Object.values(FORMS)),
          fc.string({ unit: 'binary', maxLength: 40 }),
          fc.nat(30),
        )
        .map(([form, text, times]) => {
          const value = form(text.repeat(times));
          return [...callFor(value), item(value)];
        }),
    },
  ),
  { maxLength: 25 },
);

test('what is handed out is what is stored but for marked texts, and comes back whole', () => {
  fc.assert(
    fc.property(withOutputs, bound, fc.integer({ min: 1, max: 40 }), (parts, toolOutputs, items) => {
      // a result is told from others by the id of its call
      const named = ([...part]: AgentInputItem[], index: number): AgentInputItem[] =>
        JSON.parse(JSON.stringify(part).replaceAll('"x"', `"x${index}"`));
      const history = parts.flatMap(named);
      const plain = windowIn(history, { items });
      const shown = windowIn(history, { items, toolOutputs });
      expect(shown).toHaveLength(plain.length);
      const newestTurn = beginOfNewestTurn(plain);
      let shortened = 0;
      for (const [index, one] of shown.entries()) {
        const [before, after] = [JSON.stringify(plain[index]), JSON.stringify(one)];
        if (before === after) continue;
        shortened++;
        expect(index).toBeLessThan(newestTurn);
        expect(after.length).toBeLessThan(before.length);
        expect(after).toMatch(MARK);
        const texts = textsIn(one as unknown as Record<string, unknown>);
        const kept = texts.filter((text) => !textsIn(plain[index] as never).includes(text));
        for (const text of kept)
          expect(text.replace(MARK, '').length).toBeLessThanOrEqual(toolOutputs.maxCharacters);
      }
      // those without a call count too, though they are left out
      const read = history.slice(-items);
      const withText = read.slice(0, beginOfNewestTurn(read)).filter(isResultWithText).length;
      expect(shortened).toBeLessThanOrEqual(Math.max(withText - toolOutputs.newest, 0));
      restoreOutputs(shown, history);
      expect(shown).toEqual(plain);
    }),
    { numRuns: 2000 },
  );
});

function beginOfNewestTurn(items: readonly AgentInputItem[]): number {
  return Math.max(
    items.findLastIndex((one) => 'role' in one && one.role === 'user'),
    0,
  );
}

/** All texts anywhere in a value. */
function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

function isResultWithText(value: AgentInputItem): boolean {
  const text = JSON.stringify(value);
  return /"(output|outputs|results?)":/.test(text);
}

const KEY = randomBytes(32).toString('base64');
const STORES: readonly (readonly [string, StoreOptions])[] = [
  ['as it is', {}],
  ['in rows of the Responses API', { itemFormat: 'responses' }],
  ['encrypted', { encryption: { key: KEY } }],
  ['encrypted rows of the Responses API', { encryption: { key: KEY }, itemFormat: 'responses' }],
  ['exactly once', { exactlyOnce: true }],
];

function toyStore(options: StoreOptions) {
  const backend = createToyBackend();
  return new SessionStore({ name: 'toy', supports: backend.supports, open: () => backend }, options);
}

test.each(STORES)('stored is the whole text, whatever comes back: %s', async (_name, options) => {
  const store = toyStore(options);
  const tenant = () => 'acme';
  const context = { context: {} } as never;
  const history = [...turn('a'), ...turn('b'), user('c')];
  for (const open of [
    (window?: SessionWindow) => store.session('plain', { window }),
    (window?: SessionWindow) => store.session('tenant', { window, tenant }),
  ]) {
    const whole = open();
    const session = open(OF(0, 10));
    await session.addItems(history, context);
    expect(await whole.getItems(undefined, context)).toEqual(history);
    const handed = await session.getItems(undefined, context);
    expect(JSON.stringify(handed)).toMatch(MARK);
    expect(handed[2]).toMatchObject({ type: 'function_call_result', name: 'f', callId: 'a' });
    // an application that hands over again what it was handed
    await session.addItems(handed, context);
    expect(await whole.getItems(undefined, context)).toEqual([...history, ...history]);
    await session.addItems(handed.slice(2, 3), context, { operationId: 'one' });
    await session.addItems(handed.slice(2, 3), context, { operationId: 'one' });
    expect(await whole.getItems(undefined, context)).toEqual([...history, ...history, history[2]]);
    const transaction = { type: 'append_items', items: structuredClone(handed) } as const;
    await session.applyHistoryTransaction(
      { operationId: 'two', transaction: { ...transaction, items: [...transaction.items] } },
      context,
    );
    expect((await whole.getItems(undefined, context)).slice(-history.length)).toEqual(history);
    await session.applyHistoryTransaction(
      {
        operationId: 'three',
        transaction: {
          type: 'replace_suffix',
          expectedSuffix: history.slice(-1),
          replacement: handed.slice(0, 3),
        },
      },
      context,
    );
    expect((await whole.getItems(undefined, context)).slice(-3)).toEqual(history.slice(0, 3));
    const marker = item({ type: 'compaction', encrypted_content: 'x' });
    await session.replaceHistoryWithCompaction([marker, ...handed], context);
    const stored = await whole.getItems(undefined, context);
    expect(stored.slice(-history.length - 1)).toEqual([marker, ...history]);
    expect(JSON.stringify(stored)).not.toMatch(MARK);
  }
});

test('a suffix that was handed out shortened is not what is stored: nothing is replaced', async () => {
  const store = toyStore({});
  const session = store.session('a', { window: OF(0, 10) });
  const history = [...turn('a'), user('b')];
  await session.addItems(history);
  const handed = await session.getItems();
  await expect(
    session.applyHistoryTransaction({
      operationId: 'x',
      transaction: { type: 'replace_suffix', expectedSuffix: handed.slice(2), replacement: [user('c')] },
    }),
  ).rejects.toMatchObject({ code: 'SUFFIX_MISMATCH' });
  await expect(session.replaceBeginning?.(handed, [user('c')])).rejects.toMatchObject({
    code: 'HISTORY_CHANGED',
  });
  expect(await store.session('a').getItems()).toEqual(history);
});

test('the compaction session of the SDK, which writes back what it reads, reads the whole texts', async () => {
  const store = toyStore({});
  const session = store.session('a', { window: OF(0, 10) });
  const history = [...turn('a'), ...turn('b')];
  await session.addItems(history);
  const inputs: unknown[] = [];
  const compact = async ({ input }: { input: unknown }) => {
    inputs.push(input);
    throw new Error('no network');
  };
  const wrapper = new OpenAIResponsesCompactionSession({
    underlyingSession: session,
    client: { responses: { compact } } as never,
  });
  await expect(wrapper.runCompaction({ force: true })).rejects.toThrow('no network');
  expect(JSON.stringify(inputs)).toContain(long('a'));
  expect(await wrapper.getItems()).toEqual(history);
  expect(await store.session('a').getItems()).toEqual(history);
});

test('a text with such a mark that is nobody else’s is stored as it is', async () => {
  const store = toyStore({});
  const session = store.session('a', { window: OF(0, 10) });
  const own = result('a', 'x[5 characters of this output are left out]y');
  await session.addItems([call('a'), own]);
  expect(await store.session('a').getItems()).toEqual([call('a'), own]);
});

test('the whole conversation is what everything else is about', async () => {
  const store = toyStore({});
  const session = store.session('a', { window: OF(0, 0) });
  const history = [...turn('a'), ...turn('b')];
  await session.addItems(history);
  expect(await session.getItems()).not.toEqual(history);
  expect(await session.getItems(Number.POSITIVE_INFINITY)).toEqual(history);
  expect(await session.getItems(6)).toEqual(history.slice(-6));
  for (const one of history.toReversed()) expect(await session.popItem()).toEqual(one);
});
