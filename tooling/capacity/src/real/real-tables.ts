import type { Shape } from '../shape.ts';
import type { TableSize } from '../size.ts';

/** A database with the tables of a store. */
export interface RealTables {
  /** With its version. */
  readonly title: string;
  readonly url: string;
  /** Stores what the shape says, by SQL alone. */
  fill(shape: Shape): Promise<void>;
  /** What the engine says of each part of each table. */
  sizes(): Promise<readonly TableSize[]>;
  /** What the whole takes in the file system, or as the engine's own function has it: with what belongs to no part. */
  total(): Promise<number>;
  close(): Promise<void>;
}
