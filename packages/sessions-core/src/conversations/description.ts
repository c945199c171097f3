import { type ItemCodec, opened, plainJson, sealed } from '../items/item-codec.js';
import { parseJson } from '../items/json.js';
import { SessionError } from '../port/errors.js';
import { isOptionsObject, readArgument } from '../port/options.js';

/** What JSON can say. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };

/** What `store.sessions.update` changes. What is left out, or `undefined`, stays as it is. */
export interface SessionChange {
  /** The new title; `null` takes it away. */
  title?: string | null | undefined;
  /** Values by their keys, each replacing the one that is there as a whole; `null` removes a key. */
  metadata?: Readonly<Record<string, unknown>> | undefined;
}

/** The title and the metadata of a conversation. */
export interface Description {
  readonly title: string | undefined;
  readonly metadata: Readonly<Record<string, JsonValue>>;
}

/** A title and metadata have at most so many bytes together, as JSON. */
const MAX_BYTES = 65_536;

/** A change that was looked at and copied: each value as JSON; `null` for what is to go. */
export interface CheckedChange {
  readonly title: string | null | undefined;
  readonly metadata: ReadonlyMap<string, string | null>;
}

/**
 * Looks at a change when it is asked for, so that what the caller does with its objects afterwards changes nothing.
 *
 * @throws TypeError for a change of another form. SessionError `UNSUPPORTED_VALUE` for a value that JSON cannot say as it is.
 */
export function checkChange(change: SessionChange): CheckedChange {
  const { title, metadata = {}, ...unknown } = fieldsOf('the change', change);
  if (Object.keys(unknown).length > 0)
    throw new TypeError('sessions.update: a change has "title" and "metadata", and nothing else.');
  if (title !== undefined && title !== null && typeof title !== 'string')
    throw new TypeError('sessions.update: "title" must be a text or null.');
  const given = Object.entries(fieldsOf('"metadata"', metadata)).filter(([, value]) => value !== undefined);
  return { title, metadata: new Map(given.map(([key, value]) => [key, jsonOf(key, value)])) };
}

/** The fields of an object, each read once. */
function fieldsOf(what: string, object: unknown): Readonly<Record<string, unknown>> {
  const problem = `sessions.update: ${what} must be an object.`;
  const fields = readArgument(problem, () => isOptionsObject(object) && { ...object });
  if (fields) return fields;
  throw new TypeError(problem);
}

function jsonOf(key: string, value: unknown): string | null {
  if (value === null) return null;
  const json = plainJson(value);
  if (json !== undefined) return json;
  const path = `metadata[${JSON.stringify(key)}]`;
  throw new SessionError(
    'UNSUPPORTED_VALUE',
    'A value of the metadata is or has something that JSON cannot say as it is: texts, numbers, true, false, null, and ' +
      'lists and plain objects of them can be stored. "path" says which one.',
    { path },
  );
}

/**
 * What a change makes of a description.
 *
 * @throws SessionError `ITEM_TOO_LARGE`
 */
export function changedDescription(current: Description, { title, metadata }: CheckedChange): string {
  const entries = new Map(
    Object.entries(current.metadata).map(([key, value]) => [key, JSON.stringify(value)]),
  );
  for (const [key, json] of metadata) {
    if (json === null) entries.delete(key);
    else entries.set(key, json);
  }
  const text = descriptionText(title === undefined ? current.title : (title ?? undefined), entries);
  if (Buffer.byteLength(text) <= MAX_BYTES) return text;
  throw new SessionError(
    'ITEM_TOO_LARGE',
    `The title and the metadata of a conversation have at most ${MAX_BYTES} bytes together, as JSON. Nothing was written.`,
  );
}

/** JSON in which each entry of the metadata has a line of its own, so that it can be found without being read. */
function descriptionText(title: string | undefined, entries: ReadonlyMap<string, string>): string {
  const lines = [...entries].map(([key, json]) => entryLine(key, json));
  const beginning = title === undefined ? '' : `"title":${JSON.stringify(title)},`;
  return `{${beginning}"metadata":{${lines.join(',')}}}`;
}

/** What the text of a description has where its metadata have this value under this key. JSON has no line ends in texts. */
export function entryLine(key: string, json: string): string {
  return `\n${JSON.stringify(key)}:${json}\n`;
}

/**
 * The description in a text.
 *
 * @throws SessionError `DECRYPTION_FAILED`. Any other error for a text that no store wrote.
 */
export function readDescription(codec: ItemCodec, text: string): Description {
  const value = parseJson(opened(codec, text));
  if (!isOptionsObject(value)) throw new TypeError('not an object');
  const { title, metadata } = value;
  const isTitle = title === undefined || typeof title === 'string';
  if (!isTitle || !isOptionsObject(metadata)) throw new TypeError('not a description');
  return { title, metadata: metadata as Description['metadata'] };
}

/** A description as it is stored. @throws TypeError for one of another form. SessionError for values that cannot be stored. */
export function descriptionTextOf(codec: ItemCodec, { title, metadata }: Description): string {
  const change = checkChange({ title, metadata });
  return sealed(codec, changedDescription(NO_DESCRIPTION, change));
}

/** Of a conversation that was never described. */
export const NO_DESCRIPTION: Description = { title: undefined, metadata: {} };
