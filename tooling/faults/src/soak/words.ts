import type { OpenStoreOptions } from '@stackone/openai-agents-js-sessions';
import type { Entry } from './journal.ts';
import type { Sample } from './measure.ts';

/** How a player plays; its only argument, as JSON. */
export interface Part {
  readonly url: string;
  readonly store: OpenStoreOptions;
  readonly seed: string;
  /** Calls a second, about. */
  readonly rate: number;
  /** For how long connections may be closing, once no call is under way, in ms. */
  readonly closing: number;
  /** What is wrong with the store on purpose. */
  readonly plant?: string | undefined;
}

/** What a player is told: to let all calls end and measure, or to end. */
export type Order = 'measure' | 'end';

/** What a player says. */
export type Word =
  | {
      readonly word: 'progress';
      readonly calls: number;
      readonly stored: number;
      readonly conversations: readonly string[];
    }
  | { readonly word: 'sample'; readonly sample: Sample }
  | { readonly word: 'problem'; readonly problem: string }
  | { readonly word: 'ended'; readonly played: Played };

/** What a player did. */
export interface Played {
  /** Calls by kind, and errors by code. */
  readonly calls: Readonly<Record<string, number>>;
  readonly errors: Readonly<Record<string, number>>;
  /** Turns whose callers were told that they are stored. */
  readonly acknowledged: number;
  /** Conversations that were compared with the journal, and removed. */
  readonly compared: number;
  /** Spans that OpenTelemetry was handed. */
  readonly spans: number;
  /** The longest delay of the event loop but for one in a hundred, in ms. */
  readonly loopDelay: number;
  /** What the tables have to have: the conversations that are there, not encrypted. */
  readonly journal: readonly { readonly id: string; readonly entries: readonly Entry[] }[];
}

/** Connections that the stores of a player may keep: a pool of four and one of two. */
export const POOLS = { plain: 4, sealed: 2 };
export const MOST_CONNECTIONS = POOLS.plain + POOLS.sealed;

/** How many calls of a player are under way at the same time, about. */
export const CALLERS = 3;

/** For how long a call may not settle, or nothing be stored after a fault is over, in ms. */
export const PATIENCE = 60_000;
