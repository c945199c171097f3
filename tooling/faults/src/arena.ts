import type { OpenStoreOptions } from '@stackone/openai-agents-js-sessions';
import type { TortureOptions, TortureScene } from '@stackone/openai-agents-js-sessions/torture';

/** A database in which stores are tortured. */
export interface Ground extends AsyncDisposable {
  /** What it is, with its version. */
  readonly title: string;
  /** For writers: as a user who owns nothing but the database. */
  readonly url: string;
  readonly storeOptions: OpenStoreOptions;
  /** Reads what is stored by SQL, without code of the store. */
  readonly read: NonNullable<TortureOptions['read']>;
  /** Connections that the server has from writers. */
  readonly connections?: NonNullable<TortureOptions['connections']>;
  readonly launcher?: TortureOptions['launcher'];
  readonly writersUrl?: TortureOptions['writersUrl'];
}

/** Something that goes wrong on one kind of ground, and how often it can be had. */
export interface ArenaFault<On extends Ground = Ground> {
  readonly name: string;
  readonly needsNetwork?: boolean | undefined;
  /** It takes seconds: one round where the others have ten. */
  readonly isExpensive?: boolean;
  strike(scene: TortureScene, ground: On): Promise<void>;
}

/** Faults, and the ground that they need. */
export interface Arena<On extends Ground = Ground> {
  /** What is special about it. */
  readonly name: string;
  readonly faults: readonly ArenaFault<On>[];
  open(): Promise<On>;
}

/** A moment between two others, in ms. */
export const between = ({ random }: TortureScene, least: number, most: number) =>
  least + random() * (most - least);

/** What the tables have, by conversation. */
export function byConversation(
  ids: readonly string[],
  rows: readonly { readonly session_id: unknown; readonly message_data: unknown }[],
): Map<string, unknown[]> {
  const found = new Map<string, unknown[]>(ids.map((id) => [id, []]));
  for (const { session_id, message_data } of rows) {
    found.get(String(session_id))?.push(JSON.parse(String(message_data)));
  }
  return found;
}

/** Reads them. The ids are ours, and need no quoting. */
export const rowsOf = (ids: readonly string[]) =>
  `SELECT session_id, message_data FROM agent_messages WHERE session_id IN ('${ids.join("', '")}') ORDER BY id`;
