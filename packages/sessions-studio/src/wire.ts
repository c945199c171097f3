// What the server and the page tell each other.

/** What the page may do. */
export interface About {
  readonly readOnly: boolean;
  readonly tenant?: string | undefined;
  /** Whether conversations have titles and can be forked. */
  readonly titles: boolean;
  readonly copies: boolean;
  readonly rewinds: boolean;
  /** Whether there are runs, usage, a doctor, and a way to remove what is old. */
  readonly runs: boolean;
  readonly usage: boolean;
  readonly doctor: boolean;
  readonly prunes: boolean;
}

/** A conversation in the list. */
export interface ShownSession {
  readonly id: string;
  readonly title?: string | undefined;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly createdAt: string;
  readonly updatedAt: string;
}

export interface SessionsPage {
  readonly data: readonly ShownSession[];
  readonly nextCursor?: string | undefined;
}

/** Tokens of a turn, by the id of its user message. */
interface TurnUsage {
  readonly turn: string;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly totalTokens: number;
}

export interface SessionDetails extends ShownSession {
  readonly usage: readonly TurnUsage[];
}

/** An item with its place. */
export interface ShownEntry {
  readonly id: string;
  readonly createdAt: string;
  readonly turn?: string | undefined;
  /** As it is stored, in JSON; with long texts cut where `isCut`. */
  readonly item: unknown;
  /** In characters of JSON. */
  readonly size: number;
  readonly isCut: boolean;
}

export interface EntriesPage {
  readonly data: readonly ShownEntry[];
  readonly hasMore: boolean;
}

/**
 * What becomes of an item in the next run: handed over as it is, or shortened; left out as it is older than the window, as the call or
 * result that it belongs to is left out, or as it stands before the last compaction, where the runner does not read.
 */
export type Fate = 'handed' | 'shortened' | 'older' | 'unpaired' | 'compacted';

export interface NextRun {
  /** How many items the runner gets; absent where it gets all. */
  readonly handed?: number | undefined;
  readonly entries: readonly { readonly entry: ShownEntry; readonly fate: Fate }[];
  /** Whether there are older items than these: they have the fate of the first. */
  readonly hasOlder: boolean;
}

/** A run that waits, with the calls that it waits for. */
export interface ShownRun {
  readonly id: string;
  readonly sessionId: string;
  readonly agent: string;
  readonly state: string;
  readonly createdAt: string;
  readonly changedAt: string;
  readonly calls: readonly ShownCall[];
}

export interface ShownCall {
  readonly callId: string;
  readonly tool: string;
  readonly arguments: string;
  readonly agent: string;
  readonly decision?: 'approved' | 'rejected' | undefined;
}

export interface RunsPage {
  readonly data: readonly ShownRun[];
  readonly nextCursor?: string | undefined;
}

/** What was used, by day of UTC and model, and how many conversations changed last on each day. */
export interface UsageShown {
  readonly used: readonly {
    readonly day: string;
    readonly model?: string | undefined;
    readonly requests: number;
    readonly inputTokens: number;
    readonly outputTokens: number;
    readonly cachedTokens: number;
  }[];
  readonly growth: readonly { readonly day: string; readonly conversations: number }[];
  /** All of them. */
  readonly conversations: number;
}

export interface ShownFinding {
  readonly code: string;
  readonly level: 'good' | 'improvable' | 'wrong';
  readonly message: string;
  readonly advice?: string | undefined;
}

export interface PruneCount {
  readonly before: string;
  readonly conversations: number;
}

/** What an answer is where something is refused or failed. */
export interface Refused {
  readonly error: { readonly code: string; readonly message: string };
}
