import type { AgentInputItem } from '@openai/agents-core';
import { isSessionError, SessionError } from '../port/errors.js';
import { isList, readArgument } from '../port/options.js';
import { areBytesAlone } from './bytes.js';
import { parseJson } from './json.js';

/** An import would take some ms: it asks for every name of the module, and some of them load more. */
const { types } = process.getBuiltinModule('node:util');

/**
 * The one key by which an object in a stored text stands for something that JSON cannot say, like
 * `{"$sessions":["Date",0]}`. An object of the application that has this key itself is stored as
 * `{"$sessions":["Object",{...}]}`, so it comes back as it was.
 */
const ESCAPE = '$sessions';
/** Without the quote before it, which every text has many of: its first character is what is searched for. */
const ESCAPE_IN_TEXT = `${ESCAPE}"`;

/** How every escape begins in a text. Quotes within strings have a backslash before them, so that no other text has it. */
const ESCAPED = `{"${ESCAPE}":[`;

/** Deeper items are refused before the recursion of some JSON implementation fails on them. */
const MAX_DEPTH = 500;

/**
 * Items of more objects are refused: few objects that refer to each other again and again may say more than any memory holds.
 */
const MAX_OBJECTS = 1_000_000;

/** Thrown by {@link ItemCodec.decode} for an item that is whole and not to be read any more (or not yet). */
export class ExpiredItem extends Error {}

/** Turns the items of one conversation into the texts of its rows and back. */
export interface ItemCodec {
  /**
   * @returns One text for each item, in the same order.
   * @throws As {@link encodeItems} does, before anything is stored.
   */
  encode(items: readonly AgentInputItem[]): string[];
  /**
   * @returns A fresh object that shares nothing with anybody.
   * @throws SessionError `DECRYPTION_FAILED` for a text that may be an item, but not with the keys at hand: nothing but
   * `clearSession` removes its row. {@link ExpiredItem}. Any other error for a text that is not an item.
   */
  decode(text: string): AgentInputItem;
  /** The items as they will be read. Present where that may be other than they were given. */
  asRead?(items: readonly AgentInputItem[]): readonly AgentInputItem[];
  /**
   * Completes items that were decoded with what only the items beside them say, as the name of a tool stands in its call
   * and, in rows of the Python SDK, not in its result. Present where a format leaves something out.
   *
   * @param items - What {@link decode} returned, oldest first. They are changed.
   */
  afterRead?(items: readonly AgentInputItem[]): void;
  /**
   * Whether {@link decode} got this item out of a row that leaves something out. Then it equals the {@link incomplete}
   * form of the item that was stored. Present beside {@link afterRead}.
   */
  isIncomplete?(decoded: AgentInputItem): boolean;
  /** The item as {@link decode} returns it where its row leaves something out. Present beside {@link afterRead}. */
  incomplete?(item: AgentInputItem): AgentInputItem;
  /** Whether a text is encrypted. Present where texts are. */
  isSealed?(text: string): boolean;
  /** Encrypts texts that are no items, as they are. Present where texts are encrypted. */
  seal?(texts: readonly string[]): string[];
  /**
   * The text that {@link seal} got. Present beside it.
   *
   * @throws SessionError `DECRYPTION_FAILED`
   */
  open?(text: string): string;
  /**
   * A stored text, of an item or not, as it is stored in another conversation of the same store. It stays as old as it is, and
   * what is not encrypted stays so. Present where texts are encrypted.
   *
   * @throws SessionError `DECRYPTION_FAILED`
   */
  moved?(text: string, to: ItemCodec): string;
  /**
   * The digests under which a change may have been recorded, that of the newest key first. Present where texts are
   * encrypted: the digest of a content that can be guessed would reveal it.
   */
  digests?(content: string): readonly string[];
}

/** The text that is stored of one that is no item: encrypted where the items are. */
export function sealed(codec: ItemCodec, text: string): string {
  return codec.seal?.([text])[0] ?? text;
}

/** The text that {@link sealed} got. @throws SessionError `DECRYPTION_FAILED` */
export function opened(codec: ItemCodec, text: string): string {
  return codec.open?.(text) ?? text;
}

/** Numbers that JSON cannot say, by the name they are stored under. */
const NUMBERS: Readonly<Record<string, number>> = { NaN, Infinity, '-Infinity': -Infinity, '-0': -0 };

/**
 * Turns items into the texts that are stored: plain JSON with its key order, and an escape only for values that
 * JSON would lose (`Uint8Array`, `Date`, `Map`, `Set`, `BigInt`, `NaN`, infinities, `-0`, `undefined`).
 *
 * @returns One text for each item, in the same order.
 * @throws TypeError if `items` is not an array of plain objects.
 * @throws SessionError `UNSUPPORTED_VALUE` with the `path` of a function, symbol, cycle, class instance, sparse
 * array or anything else that would not come back as it was; `ITEM_TOO_LARGE` beyond the longest string.
 * @example
 * ```ts
 * encodeItems([{ role: 'user', content: 'hi' }]); // ['{"role":"user","content":"hi"}']
 * ```
 */
export function encodeItems(items: readonly AgentInputItem[]): string[] {
  const problem = 'Items must be given as an array.';
  // each is read once, and into a plain list: the given one may be of another class, or a Proxy
  const list = readArgument(problem, () => isList(items) && ([...items] as AgentInputItem[]));
  if (!list) throw new TypeError(problem);
  return list.map(encodeItem);
}

/** What `JSON.stringify` asks for a method `toJSON` too. */
const PRIMITIVES: readonly object[] = [String.prototype, Number.prototype, Boolean.prototype];

function encodeItem(item: AgentInputItem, index: number): string {
  if (!isItem(item)) throw new TypeError(`Item [${index}] is not a plain object.`);
  const plain = escapeValue(item, index, undefined);
  if (PRIMITIVES.some((prototype) => 'toJSON' in prototype)) {
    throw unsupported(index, undefined, 'to be stored while texts, numbers or booleans have a method toJSON');
  }
  try {
    return JSON.stringify(plain);
  } catch (cause) {
    throw tooLarge(`Item [${index}] is longer than the longest string of this runtime.`, cause);
  }
}

function isItem(item: unknown): boolean {
  try {
    return typeof item === 'object' && item !== null && isPlainObject(item);
  } catch {
    return false; // a Proxy that cannot be looked at
  }
}

function tooLarge(message: string, cause?: unknown): SessionError {
  return new SessionError('ITEM_TOO_LARGE', message, { cause });
}

/**
 * Turns a stored text back into the item.
 *
 * @returns A fresh object that shares nothing with anybody.
 * @throws SyntaxError or TypeError if the text is not JSON or not an object: a row that no session wrote.
 * @example
 * ```ts
 * decodeItem('{"role":"user","content":"hi"}'); // { role: 'user', content: 'hi' }
 * ```
 */
export function decodeItem(text: string): AgentInputItem {
  const value = parseJson(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new TypeError('not an object');
  const item = text.includes(ESCAPE_IN_TEXT) ? unescapeValue(value) : value;
  if (!isPlainObject(item as object)) throw new TypeError('not an object');
  return item as AgentInputItem;
}

/** The value as JSON, where that says it as it is: without escapes, and not too deep. */
export function plainJson(value: unknown): string | undefined {
  try {
    const text = JSON.stringify(escapeValue(value, 0, undefined));
    return text.includes(ESCAPED) ? undefined : text;
  } catch {
    return undefined; // too deep, or nothing that can be stored
  }
}

/**
 * A text that is the same for values which differ only in the order of their keys, and another one for all others.
 *
 * @param value - What {@link encodeItems} accepts inside an item.
 */
export function canonicalText(value: unknown): string {
  return JSON.stringify(escapeValue(sorted(value), 0, undefined));
}

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(sorted);
  if (!isPlainObject(value)) return value;
  const fields = Object.entries(value).map(([key, field]): [string, unknown] => [key, sorted(field)]);
  return Object.fromEntries(fields.sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** The objects around the value that is being encoded: what paths and the search for cycles need. */
interface Place {
  readonly object: object;
  readonly key: string | number;
  readonly parent: Place | undefined;
  readonly depth: number;
  /** What was met of the whole value so far. */
  readonly met: { objects: number };
}

/**
 * The value as JSON can say it: a copy, with escapes, for which each field is read once. An accessor or a Proxy may answer
 * otherwise the next time, so nothing that was not looked at is stored.
 */
function escapeValue(value: unknown, key: string | number, parent: Place | undefined): unknown {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0) ? value : escaped('Number', numberName(value));
    case 'undefined':
      return escaped('undefined');
    case 'bigint':
      return escaped('BigInt', value.toString());
    case 'object': {
      if (value === null) return null;
      const met = parent?.met ?? { objects: 0 };
      return escapeObject({ object: value, key, parent, depth: (parent?.depth ?? 0) + 1, met });
    }
    default:
      throw unsupported(key, parent, `a ${typeof value}`);
  }
}

function escapeObject(place: Place): unknown {
  const { object, key, parent, met } = place;
  if (place.depth > MAX_DEPTH) throw unsupported(key, parent, `nested deeper than ${MAX_DEPTH} levels`);
  for (let above = parent; above; above = above.parent) {
    if (above.object === object) throw unsupported(key, parent, 'a reference to an object that contains it');
  }
  met.objects++;
  if (met.objects > MAX_OBJECTS) throw tooLarge(`An item has more than ${MAX_OBJECTS} objects.`);
  try {
    return escapeFields(place);
  } catch (error) {
    if (isSessionError(error)) throw error;
    // what an accessor or a Proxy throws is not shown: it may say anything
    throw unsupported(key, parent, 'an object that fails when it is read');
  }
}

function escapeFields(place: Place): unknown {
  const { object, key, parent } = place;
  if (Array.isArray(object) && isPlainArray(object)) return escapeArray(object, place);
  if (isPlainObject(object)) return escapePlainObject(object, place);
  if (types.isUint8Array(object) && isPlainBytes(object)) {
    if (!areBytesAlone(object)) throw unsupported(key, parent, 'bytes with fields');
    return escaped('Uint8Array', toBase64(object));
  }
  if (types.isDate(object) && isBuiltIn(object)) {
    return escaped('Date', Number.isNaN(object.getTime()) ? null : object.getTime());
  }
  if (types.isMap(object) && isBuiltIn(object)) return escaped('Map', escapeArray([...object], place));
  if (types.isSet(object) && isBuiltIn(object)) return escaped('Set', escapeArray([...object], place));
  throw unsupported(key, parent, 'an instance of a class');
}

function escapeArray(array: readonly unknown[], place: Place): readonly unknown[] {
  const { length } = array;
  // the indices come first, then "length": another order means that one is missing or something else is there
  const keys = Reflect.ownKeys(array);
  if (keys.length !== length + 1 || keys[length] !== 'length') {
    throw unsupported(place.key, place.parent, 'an array with holes or with named fields');
  }
  const copy: unknown[] = [];
  for (let index = 0; index < length; index++) copy.push(escapeValue(array[index], index, place));
  checkToJson(array, place);
  return copy;
}

function escapePlainObject(object: object, place: Place): unknown {
  const fields = Object.entries(object);
  if (Reflect.ownKeys(object).length !== fields.length) {
    throw unsupported(place.key, place.parent, 'an object with a symbol as key or with a hidden field');
  }
  let isEscape = false;
  for (const field of fields) {
    isEscape ||= field[0] === ESCAPE;
    field[1] = escapeValue(field[1], field[0], place);
  }
  checkToJson(object, place);
  // fromEntries defines fields, so that one called __proto__ stays a field
  const plain = Object.fromEntries(fields);
  return isEscape ? escaped('Object', plain) : plain;
}

/** `JSON.stringify` would store what such a method returns. An own one is a function, and refused as that. */
function checkToJson(object: object, place: Place): void {
  if (typeof (object as { toJSON?: unknown }).toJSON !== 'function') return;
  throw unsupported(place.key, place.parent, 'an object that inherits a method toJSON');
}

function escaped(tag: string, ...value: unknown[]): object {
  return { [ESCAPE]: [tag, ...value] };
}

/** Undoes the escapes, in place: the value comes fresh out of `JSON.parse`. */
function unescapeValue(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const content: unknown = Object.keys(value).length === 1 ? Reflect.get(value, ESCAPE) : undefined;
  if (Array.isArray(content)) {
    const original = fromEscape(content);
    if (original !== NOT_AN_ESCAPE) return original;
  }
  return unescapeFields(value);
}

function unescapeFields(object: object): object {
  for (const key of Object.keys(object)) {
    const value: unknown = Reflect.get(object, key);
    const original = unescapeValue(value);
    if (original !== value) Object.defineProperty(object, key, { ...FIELD, value: original });
  }
  return object;
}

const FIELD = { configurable: true, enumerable: true, writable: true };
const NOT_AN_ESCAPE = Symbol('not an escape');

/** What an escape stands for. A row of somebody else that merely resembles one stays as it is. */
function fromEscape([tag, value, ...rest]: unknown[]): unknown {
  if (rest.length > 0) return NOT_AN_ESCAPE;
  if (tag === 'undefined') return undefined;
  if (tag === 'Number' && typeof value === 'string' && Object.hasOwn(NUMBERS, value)) return NUMBERS[value];
  if (tag === 'BigInt' && typeof value === 'string' && /^-?\d+$/.test(value)) return BigInt(value);
  if (tag === 'Uint8Array' && typeof value === 'string') return new Uint8Array(Buffer.from(value, 'base64'));
  if (tag === 'Date' && (typeof value === 'number' || value === null)) return new Date(value ?? Number.NaN);
  if (tag === 'Map' && isListOfPairs(value)) return new Map(unescapeFields(value) as [unknown, unknown][]);
  if (tag === 'Set' && Array.isArray(value)) return new Set(unescapeFields(value) as unknown[]);
  if (tag === 'Object' && typeof value === 'object' && value !== null) return unescapeFields(value);
  return NOT_AN_ESCAPE;
}

function isListOfPairs(value: unknown): value is [unknown, unknown][] {
  return Array.isArray(value) && value.every((pair) => Array.isArray(pair) && pair.length === 2);
}

/** Whether the object is made of fields alone, also in another realm: its prototype is none or an `Object.prototype`. */
function isPlainObject(object: object): boolean {
  if (Array.isArray(object)) return false;
  const prototype: object | null = Object.getPrototypeOf(object);
  return prototype === null || prototype === Object.prototype || isRoot(prototype);
}

/** Whether it is the `Object.prototype` of another realm, and not an object of the application without a prototype. */
function isRoot(prototype: object): boolean {
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'isPrototypeOf');
}

/** Whether it is an array itself, also of another realm: only an `Array.prototype` is an array too. */
function isPlainArray(array: readonly unknown[]): boolean {
  const prototype: unknown = Object.getPrototypeOf(array);
  if (prototype === Array.prototype) return true;
  return Array.isArray(prototype) && isRoot(Object.getPrototypeOf(prototype) ?? {});
}

/** Whether it is a Uint8Array itself, also of another realm, or a Buffer, which comes back as a Uint8Array. */
function isPlainBytes(bytes: Uint8Array): boolean {
  if (Buffer.isBuffer(bytes)) return true;
  const prototype: object | null = Object.getPrototypeOf(bytes);
  const base: object | null = prototype && Object.getPrototypeOf(Object.getPrototypeOf(prototype));
  return base !== null && isRoot(base);
}

/** Whether a Date, Map or Set is one itself, not of a class derived from it, and without fields of its own. */
function isBuiltIn(object: object): boolean {
  const base: unknown = Object.getPrototypeOf(Object.getPrototypeOf(object));
  return base !== null && Object.getPrototypeOf(base) === null && Reflect.ownKeys(object).length === 0;
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

function numberName(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

function unsupported(key: string | number, parent: Place | undefined, what: string): SessionError {
  const path = pathTo(key, parent);
  return new SessionError('UNSUPPORTED_VALUE', `${path} is ${what}, which cannot be stored and read back.`, {
    path,
  });
}

/** The path as code would write it: `[0].content[1]["odd key"]`. */
function pathTo(key: string | number, parent: Place | undefined): string {
  const before = parent ? pathTo(parent.key, parent.parent) : '';
  if (typeof key === 'number') return `${before}[${key}]`;
  return /^[A-Za-z_$][\w$]*$/.test(key) ? `${before}.${key}` : `${before}[${JSON.stringify(key)}]`;
}
