/** What an administrator does, in the words of one engine. */
export interface ServerOrders {
  /** A user who owns the database and nothing else. */
  readonly makeUser: (database: string) => readonly string[];
  /** Connections of the writers. */
  readonly connections: string;
  /** Ends them, or the statements that they run, each with some probability. */
  end(chance: number, random: () => number): Promise<void>;
  cancel(chance: number, random: () => number): Promise<void>;
  readonly readOnly: Switch;
  readonly fewConnections: Switch;
  readonly otherPassword: Switch;
  readonly shortStatements: Switch;
  readonly shortLockWaits: Switch;
  /** Locks conversations one after the other, in one transaction, and waits after each, in ms. */
  lock(ids: readonly string[], ms: number): Promise<void>;
}

/** Statements that make something so, and back. */
export interface Switch {
  readonly on: readonly string[];
  readonly off: readonly string[];
  /** Whether only connections that are new notice. */
  readonly isForNewOnes?: boolean;
}

/** The name and password of the writers' user. */
export const WRITER = { user: 'writer', password: 'w' };
