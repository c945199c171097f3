import {
  type Decide,
  decidePatch,
  type HistoryPatch,
  type Operation,
  type StoredRow,
} from '@stackone/sessions-core/backend';
import type { EditStatements } from './edit-statements.js';
import type { Query } from './executor.js';

/** How the two statements of an edit reach the database. */
export interface EditCalls {
  readonly sql: EditStatements;
  readonly read: Query;
  /** Commits by itself. */
  readonly write: Query;
}

/**
 * Reads a conversation, decides, and writes if it is still what was read.
 *
 * @param last - How many items to read first.
 * @returns Whether it is done: not where the conversation was changed after it was read; then nothing was written.
 */
export async function editAsRead(
  { sql, read, write }: EditCalls,
  sessionId: string,
  last: number | 'all',
  decide: Decide,
  operation: Operation | undefined,
): Promise<boolean> {
  const look = async (count: number | 'all') => {
    const limit = count === 'all' ? undefined : count;
    return (await read(...sql.readToEdit(sessionId, limit, operation))) as SeenRow[];
  };
  let seen = await look(last);
  const { version, digest } = seen[0] as SeenRow;
  const recorded = digest ?? undefined;
  let isFirst = true;
  const newest = async (count: number | 'all') => {
    if (!isFirst) seen = await look(count);
    isFirst = false;
    if (seen[0]?.version !== version) throw new Changed();
    return seen.flatMap(({ id, text }) => (id === null ? [] : { id, text })).reverse();
  };
  try {
    const patch = await decidePatch(decide, newest, last, recorded);
    const recording = recorded === undefined ? operation : undefined;
    if (changesNothing(patch) && !recording) return true;
    const conversation = { version: version ?? undefined, newest: seen[0]?.id ?? undefined };
    return (await write(...sql.edit(sessionId, conversation, patch, recording))).length > 0;
  } catch (error) {
    if (error instanceof Changed) return false;
    throw error;
  }
}

/** Thrown where a conversation was changed between two looks at it. */
class Changed extends Error {}

/** An item, and what is known of its conversation; the item's parts are `null` where there is none. */
type SeenRow = { readonly version: string | null; readonly digest: string | null } & (
  | StoredRow
  | { readonly id: null; readonly text: null }
);

function changesNothing({ clear, remove = [], update = [], append = [] }: HistoryPatch): boolean {
  return !clear && remove.length + update.length + append.length === 0;
}
