import type { Call } from './journal.js';
import { keyOf, pieceIn } from './turns.js';

/** What can be wrong. */
export const PROBLEMS = [
  'lost',
  'doubled',
  'partial',
  'reordered',
  'foreign',
  'untrue',
  'hung',
  'crashed',
  'leaked',
] as const;

/** One of {@link PROBLEMS}. */
export type Problem = (typeof PROBLEMS)[number];

/** One thing that is wrong. */
export interface Finding {
  readonly problem: Problem;
  readonly conversation: string;
  /** What was found, in a sentence. */
  readonly text: string;
}

/** The calls of one process. */
export interface WriterCalls {
  readonly writer: string;
  readonly calls: readonly Call[];
}

/** A turn as its writer knows it. */
interface Turn {
  readonly key: string;
  readonly writer: string;
  readonly size: number;
  readonly began: number;
  /** When the writer was told that it is stored; `Infinity` if it was not. */
  stored: number;
  /** Whether all errors said that nothing was written. */
  isRefused: boolean;
  attempts: number;
}

/** Where the pieces of a turn are. */
interface Place {
  /** By index of the piece, the positions it was found at. */
  readonly at: Map<number, number[]>;
}

/** What one conversation of a round had to do with. */
export interface Conversation {
  readonly id: string;
  /** What is stored, oldest first. */
  readonly items: readonly unknown[];
  /** Items are popped from it too. */
  readonly isPopped: boolean;
}

/**
 * Compares what is stored in a conversation with what its writers noted.
 *
 * @param isInOrder - Calls of one process take effect in the order in which they were made, awaited or not.
 * @returns What is wrong; empty if nothing is.
 */
export function judge(
  { id, items, isPopped }: Conversation,
  writers: readonly WriterCalls[],
  isInOrder: boolean,
): Finding[] {
  const findings: Finding[] = [];
  const tell = (problem: Problem, text: string) => findings.push({ problem, conversation: id, text });
  const own = writers.map(({ writer, calls }) => ({
    writer,
    calls: calls.filter(({ conversation }) => conversation === id),
  }));
  const calls = own.flatMap((one) => one.calls);
  for (const { end } of calls) {
    if (end?.outcome === 'untyped')
      tell('untrue', `a call failed with ${end.code}, which says nothing of what is stored`);
  }
  const turns = turnsOf(own);
  const pieces = items.map((item) => {
    const piece = pieceIn(item);
    return piece && piece.conversation === id ? `${keyOf(piece)} ${piece.index}` : '?';
  });
  if (isPopped) judgePopped(pieces, calls, turns, tell);
  else {
    const places = placesOf(pieces, turns, tell);
    judgeTurns(places, turns, Number.POSITIVE_INFINITY, 'the conversation', tell);
    judgeOrder(places, turns, isInOrder, tell);
    for (const { does, began, end } of calls) {
      if (does !== 'read' || end?.outcome !== 'stored') continue;
      judgeTurns(placesOf(end.saw ?? [], turns, tell), turns, began, 'a read', tell);
    }
  }
  return findings;
}

type Tell = (problem: Problem, text: string) => void;

function turnsOf(writers: readonly WriterCalls[]): Map<string, Turn> {
  const turns = new Map<string, Turn>();
  for (const { writer, calls } of writers) {
    for (const { does, number = 0, size = 0, began, end } of calls) {
      if (does !== 'append') continue;
      const key = keyOf({ writer, number });
      const turn = turns.get(key) ?? {
        key,
        writer,
        size,
        began,
        stored: Number.POSITIVE_INFINITY,
        isRefused: true,
        attempts: 0,
      };
      if (end?.outcome === 'stored') turn.stored = end.ended;
      if (end?.outcome !== 'unwritten') turn.isRefused = false;
      turn.attempts++;
      turns.set(key, turn);
    }
  }
  return turns;
}

function placesOf(
  pieces: readonly string[],
  turns: ReadonlyMap<string, Turn>,
  tell: Tell,
): Map<string, Place> {
  const places = new Map<string, Place>();
  for (const [position, text] of pieces.entries()) {
    const [key, index] = pieceOf(text);
    const turn = turns.get(key);
    if (!turn || index >= turn.size) {
      tell('foreign', `item ${position} is of no turn that was added to it`);
      continue;
    }
    const place = places.get(key) ?? { at: new Map() };
    place.at.set(index, [...(place.at.get(index) ?? []), position]);
    places.set(key, place);
  }
  return places;
}

function pieceOf(text: string): [key: string, index: number] {
  const at = text.lastIndexOf(' ');
  return [text.slice(0, Math.max(at, 0)), Number(text.slice(at + 1))];
}

/** @param before - What was acknowledged before that moment has to be there. */
function judgeTurns(
  places: ReadonlyMap<string, Place>,
  turns: ReadonlyMap<string, Turn>,
  before: number,
  where: string,
  tell: Tell,
): void {
  for (const { key, size, stored, isRefused } of turns.values()) {
    const place = places.get(key);
    if (!place) {
      if (stored < before) tell('lost', `turn ${key} was acknowledged, and ${where} is without it`);
      continue;
    }
    if (isRefused)
      tell('untrue', `the caller of turn ${key} was told that nothing was written, and ${where} has it`);
    const positions = Array.from({ length: size }, (_, index) => place.at.get(index) ?? []);
    if (positions.some(({ length }) => length > 1))
      tell('doubled', `${where} has turn ${key} more than once`);
    else if (positions.some(({ length }) => length === 0))
      tell('partial', `${where} has a part of turn ${key}`);
    else if (positions.some(([at = 0], index) => index > 0 && at < (positions[index - 1]?.[0] ?? 0))) {
      tell('reordered', `${where} has the items of turn ${key} in another order`);
    } else if ((positions.at(-1)?.[0] ?? 0) - (positions[0]?.[0] ?? 0) !== size - 1) {
      tell('partial', `${where} has others' items inside turn ${key}`);
    }
  }
}

/** A turn that was acknowledged before another one was begun stands before it. */
function judgeOrder(
  places: ReadonlyMap<string, Place>,
  turns: ReadonlyMap<string, Turn>,
  isInOrder: boolean,
  tell: Tell,
): void {
  const stored = [...places].flatMap(([key, { at }]) => {
    const turn = turns.get(key);
    const position = at.get(0)?.[0];
    return turn && position !== undefined ? [{ ...turn, position }] : [];
  });
  stored.sort((one, other) => other.position - one.position);
  let earliest: Turn | undefined;
  const begunBy = new Map<string, Turn>();
  for (const turn of stored) {
    // all that was looked at so far stands after this one
    if (earliest && earliest.stored < turn.began) {
      tell(
        'reordered',
        `turn ${earliest.key} was acknowledged before turn ${turn.key} was begun, and stands after it`,
      );
    }
    if (!earliest || turn.stored < earliest.stored) earliest = turn;
    if (!isInOrder || turn.attempts > 1 || turn.stored === Number.POSITIVE_INFINITY) continue;
    const later = begunBy.get(turn.writer);
    if (later && later.began < turn.began) {
      tell('reordered', `turn ${later.key} was called before turn ${turn.key}, and stands after it`);
    }
    if (!later || turn.began < later.began) begunBy.set(turn.writer, turn);
  }
}

/** Each item is there or was popped, once; as many may be missing as there are pops of which nobody knows the end. */
function judgePopped(
  pieces: readonly string[],
  calls: readonly Call[],
  turns: ReadonlyMap<string, Turn>,
  tell: Tell,
): void {
  const pops = calls.filter(({ does }) => does === 'pop');
  const popped = pops.flatMap(({ end }) => end?.saw ?? []);
  const seen = new Map<string, number>();
  for (const text of [...pieces, ...popped]) {
    const [key] = pieceOf(text);
    if (!turns.has(key)) tell('foreign', 'an item is of no turn that was added to it');
    else seen.set(key, (seen.get(key) ?? 0) + 1);
  }
  let missing = 0;
  for (const { key, stored, isRefused } of turns.values()) {
    const times = seen.get(key) ?? 0;
    if (times > 1) tell('doubled', `the item of turn ${key} was popped twice, or popped and is there`);
    if (times > 0 && isRefused)
      tell('untrue', `the caller of turn ${key} was told that nothing was written, and it was`);
    if (times === 0 && stored !== Number.POSITIVE_INFINITY) missing++;
  }
  const undecided = pops.filter(
    ({ end }) => end?.outcome !== 'stored' && end?.outcome !== 'unwritten',
  ).length;
  for (; missing > undecided; missing--)
    tell('lost', 'an item that was acknowledged is not there, and nobody got it');
}
