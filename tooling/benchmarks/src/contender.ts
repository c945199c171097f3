import type { AgentInputItem, Session } from '@openai/agents-core';

export type FunctionCallItem = Extract<AgentInputItem, { type: 'function_call' }>;

/**
 * What a contender is in the comparison: `ours`; `by-hand`, the line to beat; a `peer`, a library for the same job;
 * `unranked`, one for another job or with less durability, which is shown and why.
 */
export type Rank = 'ours' | 'by-hand' | 'peer' | 'unranked';

/** The conversations of one database, through one library. What a library cannot do is absent. */
export interface Conversations {
  /** Adds a turn; it is stored when the promise resolves. */
  append(conversation: string, items: readonly AgentInputItem[]): Promise<unknown>;
  /** The same, once for each operation. */
  appendOnce?(conversation: string, operation: string, items: readonly AgentInputItem[]): Promise<unknown>;
  /** The newest items, oldest first. */
  newest(conversation: string, count: number): Promise<AgentInputItem[]>;
  /** Removes and returns the newest item. */
  pop?(conversation: string): Promise<AgentInputItem | undefined>;
  /** Replaces the newest items, if they are `expected`; once for each operation. */
  replaceSuffix?(
    conversation: string,
    operation: string,
    expected: readonly AgentInputItem[],
    replacement: readonly AgentInputItem[],
  ): Promise<void>;
  /** Removes all items. */
  clear?(conversation: string): Promise<unknown>;
  /** Puts another function call in the place of that with the same id. */
  replaceCall?(conversation: string, replacement: FunctionCallItem): Promise<unknown>;
  /** Puts other items in the place of all that there are. Those that stay at the end keep their place and time. */
  compact?(conversation: string, items: readonly AgentInputItem[]): Promise<unknown>;
  /** The id of the newest turn, for {@link rewind}. A turn begins with what the user says. */
  newestTurn?(conversation: string): Promise<string>;
  /** Removes a turn and all that follows it. */
  rewind?(conversation: string, turn: string): Promise<unknown>;
  /** The ids of the conversations that changed last, the last one first. */
  list?(count: number): Promise<string[]>;
  /** Removes a conversation with all that is known of it. */
  remove?(conversation: string): Promise<unknown>;
  /** A session for the SDK's runner, where the library has one of its own. */
  session?(conversation: string): Session;
  /** An object for a conversation, as an application would hold it; absent where there is nothing to hold. */
  handle?(conversation: string): unknown;
  /** Adds many turns (0 to `turns` - 1) in a quicker way than one by one. */
  fill?(conversation: string, turns: number): Promise<void>;
  close(): Promise<unknown>;
}

/** A library, or a way to write SQL, that takes part. */
export interface Contender {
  readonly name: string;
  readonly rank: Rank;
  /** Library and version, as the results name them. */
  readonly version: string;
  /** What a reader has to know to judge its figures. */
  readonly note?: string;
  /** Opens an empty database of its own. With a pool, it has 10 connections. */
  open(url: string): Promise<Conversations>;
  /** Opens one whose tables are there, and does not look whether they are. For SQL by hand. */
  connect?(url: string): Conversations;
}

/** How many connections every contender's pool has. */
export const POOL_SIZE = 10;
