import type { Speed } from './measured.ts';
import { itemsOf, type Shape } from './shape.ts';

const DAY = 86_400;
/** How busy servers and connections are to be, so that a day with twice as many turns is no trouble. */
const BUSY = 0.5;
/** Read the conversation, store the user's turn, store the answer. */
const CALLS = { append: 2, newest: 1 };

/** What is wanted of the servers. */
export interface Demand {
  readonly shape: Shape;
  /** All tables and keys. */
  readonly bytes: number;
  readonly shardBytes: number;
  /** How long a conversation is kept after its last turn. */
  readonly retentionDays: number;
  /** Absent: as many as make up the conversations within the days that they are kept. */
  readonly turnsPerSecond: number | undefined;
  /** Items that `store.prune` removes a second. */
  readonly pruneRate: number;
  readonly speed: Speed;
}

/** What that takes. */
export interface Needs {
  readonly turnsPerSecond: number;
  /** By size, and by how many turns a server takes. The larger one counts. */
  readonly shards: { readonly bySize: number; readonly byTurns: number };
  /** That are under way at once, of all processes together. */
  readonly connections: number;
  readonly retention: {
    readonly rowsPerDay: number;
    readonly bytesPerDay: number;
    /** Seconds a day, of one process for each shard. */
    readonly seconds: number;
  };
}

/** How many servers, connections and seconds of pruning it takes. */
export function needsOf(demand: Demand): Needs {
  const { shape, bytes, speed, retentionDays } = demand;
  const turnsPerSecond = demand.turnsPerSecond ?? (shape.conversations * shape.turns) / (retentionDays * DAY);
  const bySize = Math.ceil(bytes / demand.shardBytes);
  const byTurns = Math.ceil(turnsPerSecond / (speed.turnsPerSecond * BUSY));
  const msPerTurn = CALLS.append * speed.append + CALLS.newest * speed.newest;
  // what comes in a day goes in a day, when the first conversations are old enough
  const share = Math.min(1, (turnsPerSecond * DAY) / (shape.conversations * shape.turns));
  const itemsPerDay = itemsOf(shape) * share;
  return {
    turnsPerSecond,
    shards: { bySize, byTurns },
    connections: Math.ceil((turnsPerSecond * msPerTurn) / 1000 / BUSY),
    retention: {
      rowsPerDay: itemsPerDay,
      bytesPerDay: bytes * share,
      seconds: itemsPerDay / demand.pruneRate / Math.max(bySize, byTurns),
    },
  };
}
