import type { ShownEntry } from '../../src/wire.ts';

/** An item of a conversation, of which nothing is known for certain: whoever wrote it may be wrong. */
export type Fields = Readonly<Record<string, unknown>>;

export function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

export function textField(fields: Fields, name: string): string | undefined {
  const value = fields[name];
  return typeof value === 'string' ? value : undefined;
}

/** A part of a message: a text, or a note of what else is there. */
export type Part = { readonly text: string } | { readonly note: string };

/** What a message says, or a reasoning item. */
export function partsOf(content: unknown): Part[] {
  if (typeof content === 'string') return [{ text: content }];
  if (!Array.isArray(content)) return [];
  return content.map((one): Part => {
    const part = fieldsOf(one);
    const text = textField(part, 'text') ?? textField(part, 'refusal') ?? textField(part, 'transcript');
    return text === undefined ? { note: noteOf(part) } : { text };
  });
}

/** What a picture, a file or a sound is, without showing it. */
function noteOf(part: Fields): string {
  const type = (textField(part, 'type') ?? 'part').replace(/^(input|output)_/, '');
  const name = textField(part, 'filename') ?? textField(fieldsOf(part.file), 'filename');
  const source = part.image ?? part.file ?? part.audio ?? part.data;
  const data = typeof source === 'string' ? source : undefined;
  const [, media] = /^data:([\w/+.-]+)/.exec(data ?? '') ?? [];
  const place = data !== undefined && /^https?:/.test(data) ? data : undefined;
  return [type, name, media, place].filter((one) => one !== undefined).join(', ');
}

/** A value that is JSON in a text, as arguments are. */
export function parsed(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text; // a model may write what is no JSON
  }
}

const callIdOf = (entry: ShownEntry) =>
  textField(fieldsOf(entry.item), 'callId') ?? textField(fieldsOf(entry.item), 'call_id');
const isResult = (entry: ShownEntry) =>
  /_(result|output)$/.test(textField(fieldsOf(entry.item), 'type') ?? '');

/** Entries in their order, with results beside the calls that they answer. */
export function paired(entries: readonly ShownEntry[]): { entry: ShownEntry; result?: ShownEntry }[] {
  const calls = new Set(entries.filter((entry) => !isResult(entry)).map(callIdOf));
  const results = new Map(
    entries
      .filter((entry) => isResult(entry) && calls.has(callIdOf(entry)))
      .map((entry) => [callIdOf(entry), entry]),
  );
  const shown = new Set(results.values());
  return entries
    .filter((entry) => !shown.has(entry))
    .map((entry) => {
      const id = callIdOf(entry);
      const result = id === undefined || isResult(entry) ? undefined : results.get(id);
      return { entry, ...(result && { result }) };
    });
}
