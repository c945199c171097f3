import type { AgentInputItem } from '@openai/agents-core';
import type { StoreSession } from '@stackone/openai-agents-js-sessions';

/** A turn, as its caller knows it. */
export interface Entry {
  readonly number: number;
  readonly size: number;
  /** Its places in the order of all beginnings and ends of calls. */
  readonly begun: number;
  ended: number;
  /** `maybe`: its end is unknown, or the call has not ended. */
  state: 'stored' | 'absent' | 'maybe';
}

let clock = 0;

/** A conversation that is only appended to, and what each caller was told. */
export class Conversation {
  readonly id: string;
  readonly session: StoreSession;
  /** Whether its items can be read by SQL. */
  readonly isPlain: boolean;
  readonly entries: Entry[] = [];
  /** Calls that have not ended. */
  readonly pending = new Set<Promise<unknown>>();

  constructor(id: string, session: StoreSession, isPlain: boolean) {
    this.id = id;
    this.session = session;
    this.isPlain = isPlain;
  }

  /** Notes a turn before it is added. */
  begin(size: number): Entry {
    const entry: Entry = {
      number: this.entries.length,
      size,
      begun: ++clock,
      ended: Number.POSITIVE_INFINITY,
      state: 'maybe',
    };
    this.entries.push(entry);
    return entry;
  }

  /** Notes what its caller was told. */
  end(entry: Entry, state: Entry['state']): void {
    entry.state = state;
    entry.ended = ++clock;
  }

  /** The items of a turn. Each says which one it is, and some are as long as a tool's answer. */
  itemsOf({ number, size }: Entry): AgentInputItem[] {
    return Array.from({ length: size }, (_, index) => ({
      type: 'message',
      role: 'user',
      content: contentOf(this.id, number, index),
    }));
  }
}

const contentOf = (id: string, number: number, index: number) =>
  `${id} ${number} ${index} ${'ab\u{1f600}"\\'.repeat((number + index) % 7 === 0 ? 300 : 3)}`;

/** Compares the items of a conversation with what its callers were told. @returns What is wrong, each in a sentence. */
export function compare(id: string, entries: readonly Entry[], items: readonly unknown[]): string[] {
  const problems: string[] = [];
  const found = new Set<number>();
  let last: Entry | undefined;
  for (let at = 0; at < items.length; ) {
    const entry = entries[numberIn(items[at])];
    if (!entry) {
      problems.push(`${id}: an item that nobody added, or that was changed`);
      at += 1;
      continue;
    }
    const { number, size, state } = entry;
    const isWhole = Array.from({ length: size }, (_, index) => index).every(
      (index) => textIn(items[at + index]) === contentOf(id, number, index),
    );
    if (!isWhole) problems.push(`${id}: a part of turn ${number}, or others' items inside it`);
    if (found.has(number)) problems.push(`${id}: turn ${number} is there twice`);
    if (state === 'absent') problems.push(`${id}: turn ${number} is there, and an error said that it is not`);
    if (last && entry.ended < last.begun) problems.push(`${id}: turn ${number} stands after a later one`);
    found.add(number);
    last = entry;
    at += isWhole ? size : 1;
  }
  for (const { number, state } of entries) {
    if (state === 'stored' && !found.has(number)) problems.push(`${id}: turn ${number} is lost`);
  }
  return problems;
}

const textIn = (item: unknown) => (item as { content?: unknown } | undefined)?.content;

const numberIn = (item: unknown) => Number(/^\S+ (\d+) 0 /.exec(String(textIn(item)))?.[1] ?? -1);
