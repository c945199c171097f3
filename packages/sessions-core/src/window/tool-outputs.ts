import type { AgentInputItem } from '@openai/agents-core';
import { checkOptions, isWholeNumber, type OptionCheck } from '../port/options.js';
import { callId, callOf, fieldsOf, key, typeOf } from './item-partners.js';

/** Which tool results a {@link SessionWindow} hands out with all of their text. */
export interface ToolOutputBound {
  /**
   * How many of the newest results before the newest turn keep all of their text, besides those of the newest turn itself. A
   * whole number of zero or more. Only results with text count.
   */
  newest: number;
  /**
   * How many characters (UTF-16 units) are left of the text of every older one, the mark not counted: the beginning and
   * the end. A whole number of zero or more.
   */
  maxCharacters: number;
}

const CHECKS: Readonly<Record<keyof ToolOutputBound, OptionCheck>> = {
  newest: isWholeNumber(0),
  maxCharacters: isWholeNumber(0),
};

/**
 * Checks a bound that the application gave.
 *
 * @returns A copy.
 * @throws TypeError for anything but a {@link ToolOutputBound}.
 */
export function toolOutputsOf(given: ToolOutputBound): ToolOutputBound {
  checkOptions('window.toolOutputs', given, CHECKS);
  const { newest, maxCharacters } = given;
  if (newest === undefined || maxCharacters === undefined)
    throw new TypeError('window.toolOutputs: options "newest" and "maxCharacters" must be given together.');
  return { newest, maxCharacters };
}

/** Tools of the API, whose calls and results are one item. */
const HOSTED: ReadonlySet<string> = new Set([
  'hosted_tool_call',
  'mcp_call',
  'file_search_call',
  'code_interpreter_call',
]);
/** Where such an item has what the tool said. */
const HOSTED_FIELDS = ['output', 'outputs', 'results'];
/** Parts of an output that are texts. What else there is, images and files, stays as it is. */
const TEXT_FIELDS = ['text', 'stdout', 'stderr', 'logs'];

/** Where a text stands. */
interface TextPlace {
  readonly holder: Record<string | number, unknown>;
  readonly field: string | number;
}

/** Whether an item is a tool's result with some text. */
export function hasOutputText(item: AgentInputItem): boolean {
  return placesIn(item).length > 0;
}

/**
 * Shortens the text of a tool's result, with a mark where something is left out. What would not become shorter stays.
 *
 * @param item - The caller's own copy: it is changed.
 */
export function shortenOutput(item: AgentInputItem, maxCharacters: number): void {
  const places = placesIn(item);
  const longest = longestText(
    places.map((place) => textAt(place).length),
    maxCharacters,
  );
  for (const place of places) place.holder[place.field] = shortened(textAt(place), longest);
}

/** Whether the text of a result has the mark of {@link shortenOutput}, wherever it comes from. */
export function isShortened(item: AgentInputItem): boolean {
  return placesIn(item).some((place) => MARK.test(textAt(place)));
}

/**
 * Puts back what was left out of results.
 *
 * @param items - The caller's own copies: they are changed where their whole texts are found.
 * @param stored - The items of the conversation.
 */
export function restoreOutputs(items: readonly AgentInputItem[], stored: readonly AgentInputItem[]): void {
  for (const item of items.filter(isShortened)) {
    const places = placesIn(item);
    const whole = stored
      .filter((one) => nameOf(one) === nameOf(item))
      .map((one) => placesIn(one).map(textAt))
      .find((texts) => {
        const isOf = (text: string, index: number) => isShortOf(textAt(places[index] as TextPlace), text);
        return texts.length === places.length && texts.every(isOf);
      });
    for (const [index, text] of whole?.entries() ?? []) {
      const { holder, field } = places[index] as TextPlace;
      holder[field] = text;
    }
  }
}

/** Tells a result from those of other calls. */
function nameOf(item: AgentInputItem): string {
  const fields = fieldsOf(item);
  return key(typeOf(fields), callId(fields) ?? fields.id);
}

function placesIn(item: AgentInputItem): TextPlace[] {
  const fields = fieldsOf(item);
  const type = typeOf(fields);
  const places: TextPlace[] = [];
  if (HOSTED.has(type)) {
    for (const holder of [fields, fields.providerData])
      for (const field of HOSTED_FIELDS) collect(holder, field, places);
  } else if (callOf(fields) !== undefined) {
    collect(fields, 'output', places);
    if (type === 'program_output') collect(fields, 'result', places); // what the API calls it
  }
  return places;
}

function collect(holder: unknown, field: string | number, places: TextPlace[]): void {
  if (typeof holder !== 'object' || holder === null) return;
  const value = (holder as Record<string | number, unknown>)[field];
  if (typeof value === 'string') places.push({ holder: holder as TextPlace['holder'], field });
  else if (Array.isArray(value)) for (const index of value.keys()) collect(value, index, places);
  else for (const part of TEXT_FIELDS) collect(value, part, places);
}

function textAt({ holder, field }: TextPlace): string {
  return String(holder[field]);
}

/** How long each of some texts may be, so that together they are no longer than `max`, and short ones stay whole. */
function longestText(lengths: readonly number[], max: number): number {
  let left = max;
  for (const [index, length] of lengths.toSorted((a, b) => a - b).entries()) {
    const share = Math.floor(left / (lengths.length - index));
    if (length > share) return share;
    left -= length;
  }
  return Number.POSITIVE_INFINITY;
}

const MARK = /\[(\d+) characters of this output are left out\]/;

function shortened(text: string, longest: number): string {
  if (text.length <= longest) return text;
  let begin = Math.ceil(longest / 2);
  let end = text.length - Math.floor(longest / 2);
  // no half of a character that takes two units
  if (/[\uD800-\uDBFF]/.test(text.charAt(begin - 1))) begin--;
  if (/[\uDC00-\uDFFF]/.test(text.charAt(end))) end++;
  const mark = `[${end - begin} characters of this output are left out]`;
  const short = `${text.slice(0, begin)}${mark}${text.slice(end)}`;
  return short.length < text.length ? short : text;
}

/** Whether the one text is the other one, or what {@link shortened} made of it with whatever bound. */
function isShortOf(short: string, whole: string): boolean {
  if (short === whole) return true;
  // the whole text may have such marks too
  for (const mark of short.matchAll(new RegExp(MARK, 'g'))) {
    const begin = short.slice(0, mark.index);
    const end = short.slice(mark.index + mark[0].length);
    if (whole.length !== begin.length + Number(mark[1]) + end.length) continue;
    if (whole.startsWith(begin) && whole.endsWith(end)) return true;
  }
  return false;
}
