import { schemaNames } from '@stackone/sessions-core/backend';
import { itemsOf, type Shape } from './shape.ts';

/** A column, as far as its size goes. */
export type Column = { readonly name: string } & (
  | {
      readonly type: 'text';
      readonly bytes: number;
      /** Whether an engine may put it elsewhere: the text of an item, and no id. */
      readonly mayMove?: true;
    }
  | {
      readonly type: 'integer';
      readonly width: 4 | 8;
      /** What it usually holds: SQLite takes as many bytes as a number needs. */
      readonly about: number;
    }
  | { readonly type: 'time' }
);

/**
 * Where new keys go. `scattered`: anywhere, as session ids are random UUIDs; pages split in the middle. `runs`: anywhere too, but those of a turn side
 * by side, so that pages split sooner. `ascending`: behind all others, as ids and times are; pages become full.
 */
export type Order = 'scattered' | 'runs' | 'ascending';

/** A key of a table. */
export interface Key {
  /** As it is called where sizes are compared. */
  readonly name: string;
  readonly columns: readonly string[];
  readonly order: Order;
  /** How many rows have the same columns. */
  readonly alike?: number;
}

/** A table and how many rows it has. */
export interface Table {
  readonly name: string;
  readonly rows: number;
  readonly columns: readonly Column[];
  readonly primaryKey: Key;
  readonly indexes: readonly Key[];
  /** Whether SQLite keeps the row in its primary key. */
  readonly withoutRowid?: true;
}

/** The columns of a key, in its order. */
export const columnsOf = ({ columns }: Table, names: readonly string[]): Column[] =>
  names.flatMap((name) => columns.filter((column) => column.name === name));

/** The text that an engine may put elsewhere. */
export const largeText = ({ columns }: Table) =>
  columns.find((column): column is Extract<Column, { type: 'text' }> => 'mayMove' in column);

const NAMES = schemaNames();

/** UUIDs and the like. */
const OPERATION_ID_BYTES = 36;
/** What `digestOf` makes. */
const DIGEST_BYTES = 43;
/** Such as those that OpenAI gives its responses. */
const RESPONSE_ID_BYTES = 53;
const MODEL_BYTES = 12;

const text = (name: string, bytes: number) => ({ name, type: 'text', bytes }) as const;
const time = (name: string) => ({ name, type: 'time' }) as const;
const integer = (name: string, about: number, width: 4 | 8 = 8) =>
  ({ name, type: 'integer', width, about }) as const;

/**
 * The tables of a store that grow with its conversations. Not those of runs, which live as long as a run and as your application keeps it, and not
 * those of erasures and of the version, which stay small.
 *
 * @param engine - PostgreSQL counts the calls of an operation.
 */
export function tablesOf(shape: Shape, engine: 'postgres' | 'mysql' | 'mariadb' | 'sqlite'): Table[] {
  const { conversations, turns, itemsPerTurn } = shape;
  const sessionId = text('session_id', shape.sessionIdBytes);
  const allTurns = conversations * turns;
  const items = itemsOf(shape);
  const now = Date.UTC(2026, 0);
  return [
    {
      name: NAMES.sessions,
      rows: conversations,
      columns: [sessionId, time('created_at'), time('updated_at')],
      primaryKey: { name: 'primary key', columns: ['session_id'], order: 'scattered' },
      indexes: [{ name: NAMES.changedIndex, columns: ['updated_at', 'session_id'], order: 'ascending' }],
    },
    {
      name: NAMES.messages,
      rows: items,
      columns: [
        integer('id', items),
        sessionId,
        { ...text('message_data', shape.itemBytes), mayMove: true },
        time('created_at'),
      ],
      primaryKey: { name: 'primary key', columns: ['id'], order: 'ascending' },
      indexes: [
        {
          name: NAMES.timeIndex,
          columns: ['session_id', 'created_at'],
          order: 'runs',
          // the items of a turn have one time
          alike: itemsPerTurn,
        },
        { name: NAMES.idIndex, columns: ['session_id', 'id'], order: 'runs' },
      ],
    },
    {
      name: NAMES.operations,
      rows: Math.round((allTurns * shape.operationsPercent) / 100),
      columns: [
        sessionId,
        text('operation_id', OPERATION_ID_BYTES),
        text('digest', DIGEST_BYTES),
        ...(engine === 'postgres' ? [integer('calls', 1, 4)] : []),
        time('created_at'),
      ],
      primaryKey: { name: 'primary key', columns: ['session_id', 'operation_id'], order: 'scattered' },
      indexes: [],
      withoutRowid: true,
    },
    {
      name: NAMES.metadata,
      rows: shape.metadataBytes === 0 ? 0 : conversations,
      columns: [
        sessionId,
        { ...text('description', shape.metadataBytes), mayMove: true },
        integer('version', 100),
      ],
      primaryKey: { name: 'primary key', columns: ['session_id'], order: 'scattered' },
      indexes: [],
    },
    {
      name: NAMES.usage,
      rows: Math.round((allTurns * shape.usagePercent) / 100),
      columns: [
        sessionId,
        text('response', RESPONSE_ID_BYTES),
        text('tenant', 0),
        integer('turn', items),
        text('model', MODEL_BYTES),
        integer('recorded_at', now),
        integer('requests', 1),
        ...['input_tokens', 'output_tokens', 'total_tokens', 'cached_tokens', 'reasoning_tokens'].map(
          (name) => integer(name, 1000),
        ),
      ],
      primaryKey: { name: 'primary key', columns: ['session_id', 'response'], order: 'scattered' },
      indexes: [{ name: NAMES.usageTimeIndex, columns: ['recorded_at'], order: 'ascending' }],
    },
  ];
}
