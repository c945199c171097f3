import type { ShownEntry } from '../../src/wire.ts';
import { fieldsOf, textField } from './fields.ts';
import { type Media, mediaOf } from './media.ts';

/** A part of a message: a text, or something else. */
export type Part = { readonly text: string } | { readonly media: Media };

/** What a message says, or a reasoning item. */
export function partsOf(content: unknown): Part[] {
  if (typeof content === 'string') return [{ text: content }];
  if (!Array.isArray(content)) return [];
  return content.map((one): Part => {
    const part = fieldsOf(one);
    const text = textField(part, 'text') ?? textField(part, 'refusal') ?? textField(part, 'transcript');
    return text === undefined ? { media: mediaOf(part) } : { text };
  });
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
