/** What is stored, of each conversation alike. */
export interface Shape {
  readonly conversations: number;
  /** Of each conversation. */
  readonly turns: number;
  readonly itemsPerTurn: number;
  /** The JSON of an item, in UTF-8. Encrypted items are a third longer. */
  readonly itemBytes: number;
  readonly sessionIdBytes: number;
  /** How many turns of a hundred bring an operation id that is still remembered. */
  readonly operationsPercent: number;
  /** How many turns of a hundred have a record of what models used. */
  readonly usagePercent: number;
  /** Title, tenant and metadata of a conversation; 0 where it has none, and no row then. */
  readonly metadataBytes: number;
}

/** Items as the benchmarks have them, a UUID as the id, and all side tables that turns write to. */
export const USUAL: Omit<Shape, 'conversations'> = {
  turns: 20,
  itemsPerTurn: 4,
  itemBytes: 560,
  sessionIdBytes: 36,
  operationsPercent: 100,
  usagePercent: 100,
  metadataBytes: 200,
};

/** How many items there are. */
export const itemsOf = ({ conversations, turns, itemsPerTurn }: Shape) =>
  conversations * turns * itemsPerTurn;
