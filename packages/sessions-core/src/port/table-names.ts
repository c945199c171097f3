import { digestOf } from './digest.js';
import { isOptionsObject, type OptionCheck } from './options.js';

/** The tables of a store. The defaults are those of the Python SDK's `SQLAlchemySession`. */
export interface TableNames {
  /** One row a conversation. Default `agent_sessions`. */
  sessions?: string | undefined;
  /** One row an item. Default `agent_messages`. */
  messages?: string | undefined;
}

/** The longest name of a table or index, in bytes, that every engine takes (PostgreSQL cuts longer ones). */
const MAX_NAME_LENGTH = 63;

/**
 * The table names with the defaults filled in.
 *
 * @example
 * ```ts
 * tableNames({ sessions: 'chats' }); // { sessions: 'chats', messages: 'agent_messages' }
 * ```
 */
export function tableNames(names: TableNames = {}): { sessions: string; messages: string } {
  return { sessions: names.sessions ?? 'agent_sessions', messages: names.messages ?? 'agent_messages' };
}

/**
 * The names of everything in a database that belongs to one pair of tables, on every engine.
 *
 * @example
 * ```ts
 * schemaNames({ sessions: 'chats' }).operations; // 'chats_operations'
 * ```
 */
export function schemaNames(tables?: TableNames) {
  const { sessions, messages } = tableNames(tables);
  return {
    sessions,
    messages,
    /** Our own side table of operation ids. */
    operations: derivedName('', sessions, '_operations'),
    /** Our own side table of titles and metadata. */
    metadata: derivedName('', sessions, '_metadata'),
    /** Our own side table of what model responses used. */
    usage: derivedName('', sessions, '_usage'),
    /** Finds the usage of a time. */
    usageTimeIndex: derivedName('idx_', sessions, '_usage_time'),
    /** Our own side table of runs and their steps. */
    runs: derivedName('', sessions, '_runs'),
    /** Keeps two runs out of one conversation. */
    runsPlaceIndex: derivedName('idx_', sessions, '_runs_place'),
    /** Finds the runs of a conversation. */
    runsSessionIndex: derivedName('idx_', sessions, '_runs_session'),
    /** Finds the runs that wait, and those that nobody holds. */
    runsStateIndex: derivedName('idx_', sessions, '_runs_state'),
    /** Our own side table of digests of ids that were erased. */
    erasures: derivedName('', sessions, '_erasures'),
    /** Our own side table that says which version the tables have. */
    schemaVersion: derivedName('', sessions, '_schema'),
    /** Finds the conversations that changed last. */
    changedIndex: derivedName('idx_', sessions, '_changed'),
    /** As the Python SDK's `SQLAlchemySession` names it. */
    timeIndex: derivedName('idx_', messages, '_session_time'),
    /** As the Python SDK's `SQLiteSession` names it, with the same columns: it finds the newest items. */
    idIndex: derivedName('idx_', messages, '_session_id'),
  };
}

/** Checks the `tables` option. */
export const isTableNames: OptionCheck = (value) => {
  if (!isOptionsObject(value)) return 'an object with the names of "sessions" and "messages"';
  for (const [key, name] of Object.entries(value)) {
    if (key !== 'sessions' && key !== 'messages')
      return 'an object with no other key than "sessions" and "messages"';
    if (name !== undefined && !isName(name))
      return `an object of names of 1 to ${MAX_NAME_LENGTH} bytes, without NUL`;
  }
  const { sessions, messages } = tableNames(value);
  return sessions === messages ? 'an object with two different names' : undefined;
};

function isName(name: unknown): boolean {
  return (
    typeof name === 'string' &&
    name !== '' &&
    !name.includes('\0') &&
    Buffer.byteLength(name) <= MAX_NAME_LENGTH
  );
}

/**
 * The name of something that belongs to a table, like its index: `{prefix}{table}{suffix}`. If that is too long,
 * the table's part is cut and gets a digest, so that the names of two tables never become the same.
 *
 * @example
 * ```ts
 * derivedName('idx_', 'chat_items', '_time'); // 'idx_chat_items_time'
 * ```
 */
export function derivedName(prefix: string, table: string, suffix: string): string {
  const name = `${prefix}${table}${suffix}`;
  if (Buffer.byteLength(name) <= MAX_NAME_LENGTH) return name;
  const digest = digestOf(table, 'hex').slice(0, 8);
  const room = MAX_NAME_LENGTH - Buffer.byteLength(`${prefix}_${digest}${suffix}`);
  return `${prefix}${cutToBytes(table, room)}_${digest}${suffix}`;
}

function cutToBytes(text: string, bytes: number): string {
  let cut = text;
  while (Buffer.byteLength(cut) > bytes) cut = Array.from(cut).slice(0, -1).join('');
  return cut;
}
