import type { SessionHistoryTransactionArgs } from '@openai/agents-core';

/** Arguments of a history transaction, so far as a test looks into them. */
export type TransactionArguments = { operationId: unknown; transaction: Record<string, unknown> };

/** What a mistaken caller makes of the arguments of a history transaction; some of it changes nothing. */
export const SPOILS: readonly (readonly [name: string, spoil: (args: TransactionArguments) => unknown])[] = [
  ['no arguments', () => undefined],
  ['arguments that are a text', () => 'text'],
  ['arguments whose accessor throws', () => throwing('operationId')],
  ['an empty operation id', (args) => ({ ...args, operationId: '' })],
  ['a blank operation id', (args) => ({ ...args, operationId: ' \n' })],
  ['an operation id that is a number', (args) => ({ ...args, operationId: 7 })],
  ['no transaction', ({ operationId }) => ({ operationId })],
  ['a transaction that is null', (args) => ({ ...args, transaction: null })],
  ['a transaction that is an array', (args) => ({ ...args, transaction: [args.transaction] })],
  ['an unknown type', (args) => changed(args, { type: 'prepend_items' })],
  [
    'a type of its own prototype',
    (args) => ({ ...args, transaction: Object.create(args.transaction) as object }),
  ],
  ['a field too many', (args) => changed(args, { note: 1 })],
  ['a field too many that is undefined', (args) => changed(args, { note: undefined })],
  ['a field too many beside the transaction', (args) => ({ ...args, note: 1 })],
  ['items that are no array', (args) => changed(args, { items: { 0: 1 }, replacement: {} })],
  ['a suffix that is no array', (args) => changed(args, { items: undefined, expectedSuffix: 'x' })],
  ['an item that is null', (args) => withItem(args, null)],
  ['an item that is a text', (args) => withItem(args, 'text')],
  ['an item of an unknown type', (args) => withItem(args, { type: 'nosuch' })],
  ['an item with a Date', (args) => withValue(args, new Date(0))],
  ['an item with an invalid Date', (args) => withValue(args, new Date(Number.NaN))],
  ['an item with a Map', (args) => withValue(args, new Map())],
  ['an item with a Set', (args) => withValue(args, new Set())],
  ['an item with a BigInt', (args) => withValue(args, 1n)],
  ['an item with a function', (args) => withValue(args, () => 1)],
  ['an item with a symbol', (args) => withValue(args, Symbol('s'))],
  ['an item with a symbol as key', (args) => withValue(args, { [Symbol('s')]: 1 })],
  [
    'an item with an accessor',
    (args) =>
      withValue(args, {
        get x() {
          return 1;
        },
      }),
  ],
  ['an item with an accessor that throws', (args) => withValue(args, throwing('x'))],
  ['an item with a hidden field', (args) => withValue(args, Object.defineProperty({}, 'x', { value: 1 }))],
  ['an item with an array with holes', (args) => withValue(args, new Array(2))],
  ['an item with an array with fields', (args) => withValue(args, Object.assign([1], { x: 1 }))],
  ['an item with an instance of a class', (args) => withValue(args, new (class Point {})())],
  [
    'an item with a null prototype',
    (args) => withValue(args, Object.assign(Object.create(null) as object, { x: 1 })),
  ],
  ['an item with other numbers', (args) => withValue(args, new Float32Array(2))],
  ['an item with a Buffer', (args) => withValue(args, Buffer.from('x'))],
  [
    'an item with bytes that have a field',
    (args) => withValue(args, Object.assign(new Uint8Array(1), { x: 1 })),
  ],
  [
    'an item with bytes of a shared buffer',
    (args) => withValue(args, new Uint8Array(new SharedArrayBuffer(2))),
  ],
  ['an item with a cycle', (args) => withValue(args, cycle())],
  ['an item with one object twice', (args) => withValue(args, twice())],
  [
    'a Proxy around the items',
    (args) => changed(args, { [listOf(args)]: new Proxy(args.transaction[listOf(args)] as object, {}) }),
  ],
  ['a Proxy in an item', (args) => withValue(args, new Proxy({ x: 1 }, {}))],
];

function changed(args: TransactionArguments, fields: object): TransactionArguments {
  return { ...args, transaction: { ...args.transaction, ...fields } };
}

function listOf({ transaction }: TransactionArguments): 'items' | 'replacement' {
  return transaction.type === 'append_items' ? 'items' : 'replacement';
}

function withItem(args: TransactionArguments, item: unknown): TransactionArguments {
  const list = listOf(args);
  return changed(args, { [list]: [...(args.transaction[list] as unknown[]), item] });
}

function withValue(args: TransactionArguments, value: unknown): TransactionArguments {
  return withItem(args, { type: 'message', role: 'user', content: 'x', providerData: { value } });
}

function throwing(name: string): object {
  const get = () => {
    throw new Error('canary');
  };
  return Object.defineProperty({}, name, { enumerable: true, get });
}

function cycle(): object {
  const object: { self?: object } = {};
  object.self = object;
  return object;
}

function twice(): object {
  const object = { x: 1 };
  return { one: object, other: object };
}

/** The arguments as the methods of a session declare them, whatever they are. */
export function asArguments(value: unknown): SessionHistoryTransactionArgs {
  return value as SessionHistoryTransactionArgs;
}
