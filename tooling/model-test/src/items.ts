import type { AgentInputItem } from '@openai/agents-core';
import fc from 'fast-check';

/** Text of any UTF-16 units: NUL, lone surrogates, emoji, controls. */
const text = fc.oneof(
  fc.string({ maxLength: 8 }),
  fc.string({ unit: 'binary', maxLength: 6 }),
  fc.string({
    unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)),
    maxLength: 4,
  }),
  fc.constantFrom('', '\0', '\ud800', '😀', '\\', "'", '"', '{}', 'NULL', '%', '$sessions', '__proto__'),
);

/** Values that plain JSON says and, with `lossy`, those that it loses. */
const { json, anything } = fc.letrec<{ json: unknown; anything: unknown }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 3 },
    text,
    fc.double({ noNaN: true, noDefaultInfinity: true }).filter((number) => !Object.is(number, -0)),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('json'), { maxLength: 3 }),
    fc.dictionary(text, tie('json'), { maxKeys: 3 }),
  ),
  anything: fc.oneof(
    { maxDepth: 3 },
    tie('json'),
    fc.uint8Array({ maxLength: 4 }),
    fc.date({ noInvalidDate: true }),
    fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, undefined),
    fc.bigInt(),
    fc.array(tie('anything'), { maxLength: 3 }),
    fc.dictionary(text, tie('anything'), { maxKeys: 3 }),
    fc.array(fc.tuple(tie('anything'), tie('anything')), { maxLength: 2 }).map((entries) => new Map(entries)),
    fc.array(tie('anything'), { maxLength: 2 }).map((values) => new Set(values)),
    fc.record({ $sessions: tie('anything') }),
  ),
}));

const status = fc.constantFrom('in_progress', 'completed', 'incomplete');
const providerData = fc.dictionary(text, anything, { maxKeys: 2 });
const callId = fc.constantFrom('c1', 'c2', 'c3');

/** Every item type of the SDK 0.20 by its name, with its fields (`types/protocol.d.ts`). */
const ITEM_TYPES: Readonly<Record<string, Record<string, fc.Arbitrary<unknown>>>> = {
  user: {
    type: fc.constant('message'),
    role: fc.constant('user'),
    content: fc.oneof(text, fc.array(json, { maxLength: 2 })),
  },
  'message without a type': { role: fc.constant('user'), content: text },
  assistant: {
    type: fc.constant('message'),
    role: fc.constant('assistant'),
    status,
    content: fc.array(json, { maxLength: 2 }),
  },
  system: { type: fc.constant('message'), role: fc.constant('system'), content: text },
  function_call: { callId, name: text, arguments: text, status, namespace: fc.constantFrom(undefined, 'n') },
  function_call_result: {
    callId,
    name: text,
    status,
    output: fc.oneof(
      text,
      fc.record({
        type: fc.constant('image'),
        image: fc.record({ data: fc.uint8Array({ maxLength: 4 }), mediaType: text }),
      }),
    ),
  },
  hosted_tool_call: { name: text, arguments: text, status, output: text },
  computer_call: {
    callId,
    status,
    action: fc.record({ type: fc.constant('click'), x: fc.integer(), y: fc.integer() }),
  },
  computer_call_result: {
    callId,
    output: fc.record({ type: fc.constant('computer_screenshot'), data: text }),
  },
  shell_call: {
    callId,
    status,
    action: fc.record({ commands: fc.array(text, { maxLength: 2 }), timeoutMs: fc.integer() }),
  },
  shell_call_output: {
    callId,
    output: fc.array(fc.record({ stdout: text, stderr: text, outcome: json }), { maxLength: 2 }),
  },
  apply_patch_call: {
    callId,
    status,
    operation: fc.record({ type: fc.constant('create_file'), path: text, diff: text }),
  },
  apply_patch_call_output: { callId, status, output: text },
  program: { callId, code: text, fingerprint: text },
  program_output: { callId, output: text, status },
  tool_search_call: { call_id: fc.constantFrom('c1', null), arguments: anything, status },
  tool_search_output: {
    tools: fc.array(fc.dictionary(text, json, { maxKeys: 2 }), { maxLength: 2 }),
    status,
  },
  reasoning: {
    id: text,
    content: fc.array(json, { maxLength: 2 }),
    rawContent: fc.array(json, { maxLength: 2 }),
  },
  compaction: { encrypted_content: text, created_by: text },
  unknown: {},
};

/** The names of all item types that {@link item} draws. */
export const ITEM_TYPE_NAMES = Object.keys(ITEM_TYPES);

/** An item with the name of its type, for counting what was drawn. */
export interface DrawnItem {
  readonly typeName: string;
  readonly item: AgentInputItem;
}

/** Any item that both the SDK's `MemorySession` and a store keep exactly. */
export const item: fc.Arbitrary<DrawnItem> = fc.oneof(
  ...Object.entries(ITEM_TYPES).map(([typeName, fields]) => {
    const type = 'type' in fields || 'role' in fields ? {} : { type: fc.constant(typeName) };
    return fc
      .record(
        { ...type, ...fields, id: text, providerData },
        { requiredKeys: [...Object.keys(type), ...Object.keys(fields)] as never[] },
      )
      .map((drawn) => ({ typeName, item: drawn as unknown as AgentInputItem }));
  }),
);

/** Items that the SDK's schema accepts, so that a history transaction may hold them; bytes and odd values included. */
export const modelItem: fc.Arbitrary<AgentInputItem> = fc.oneof(
  fc.record({ role: fc.constant('user' as const), content: text }),
  fc.record({
    type: fc.constant('message' as const),
    role: fc.constant('user' as const),
    content: text,
    providerData: fc.dictionary(
      text,
      fc.oneof(json, fc.constantFrom(Number.NaN, -0, undefined), fc.uint8Array({ maxLength: 3 })),
      { maxKeys: 2 },
    ),
  }),
  fc.record({
    type: fc.constant('function_call' as const),
    callId,
    name: text,
    arguments: text,
    status: fc.constant('completed' as const),
  }),
  fc.record({
    type: fc.constant('function_call_result' as const),
    callId,
    name: text,
    status: fc.constant('completed' as const),
    output: fc.record({
      type: fc.constant('image' as const),
      image: fc.record({ data: fc.uint8Array({ maxLength: 3 }), mediaType: fc.constant('image/png') }),
    }),
  }),
) as fc.Arbitrary<AgentInputItem>;

/**
 * What stores with `itemFormat: 'responses'` keep of an item: of a reasoning item that the Responses API can say
 * what it says, of all others everything. Of the parts that are drawn it can say none.
 */
export function reasoningAsKept(item: AgentInputItem): AgentInputItem {
  if (item.type !== 'reasoning' || item.content.length > 0) return item;
  const { type, id, rawContent = [] } = item;
  if (id !== undefined) return { type, id, content: [], providerData: { id, type } };
  return { type, content: [], ...(rawContent.length === 0 && { rawContent: [] }) };
}

/** What a store refuses and, in each case, what `MemorySession` does with it: the only listed differences. */
export const REFUSED: readonly {
  readonly why: string;
  readonly item: unknown;
  readonly inMemorySession: string;
}[] = [
  { why: 'a text is not an item', item: 'text', inMemorySession: 'keeps it' },
  { why: 'a number is not an item', item: 5, inMemorySession: 'keeps it' },
  { why: 'null is not an item', item: null, inMemorySession: 'keeps it' },
  { why: 'undefined is not an item', item: undefined, inMemorySession: 'keeps it' },
  { why: 'an array is not an item', item: [], inMemorySession: 'keeps it' },
  {
    why: 'a class would be lost',
    item: { role: 'user', content: new (class Point {})() },
    inMemorySession: 'loses the class',
  },
  { why: 'an array with holes', item: { role: 'user', content: new Array(2) }, inMemorySession: 'keeps it' },
  { why: 'a regular expression', item: { role: 'user', content: /x/ }, inMemorySession: 'keeps it' },
  {
    why: 'a key that is a symbol',
    item: { role: 'user', [Symbol('s')]: 1 },
    inMemorySession: 'drops the key',
  },
  { why: 'a function', item: { role: 'user', content: () => 1 }, inMemorySession: 'refuses it' },
  { why: 'a symbol', item: { role: 'user', content: Symbol('s') }, inMemorySession: 'refuses it' },
];
