import { type AppendBatch, type Operation, sessionErased } from '@stackone/sessions-core/backend';

interface Head {
  readonly session_id: string;
  readonly operation_id: string | undefined;
  readonly digest: string | undefined;
  readonly forget_older_than: number | undefined;
  readonly first: number;
  readonly last: number;
}

/** The batches with the places of their texts, and all texts. Of several under one operation only the first. */
export function arrange(batches: readonly AppendBatch[]): { heads: Head[]; texts: string[] } {
  const heads: Head[] = [];
  const texts: string[] = [];
  const seen = new Set<string>();
  for (const { sessionId, texts: added, operation } of batches) {
    const key = operation && operationKey(sessionId, operation);
    if (key !== undefined && seen.has(key)) continue;
    if (key !== undefined) seen.add(key);
    const first = texts.length + 1;
    for (const text of added) texts.push(text);
    heads.push({
      session_id: sessionId,
      operation_id: operation?.id,
      digest: operation?.digest,
      forget_older_than: operation?.forgetOlderThan,
      first,
      last: texts.length,
    });
  }
  return { heads, texts };
}

/** What an operation is known by in a call of several. */
export function operationKey(sessionId: string, operation: Pick<Operation, 'id'>): string {
  return JSON.stringify([sessionId, operation.id]);
}

/** What is recorded under an operation now, and whether this call recorded it. */
export interface RecordedOperation {
  readonly digest: string;
  stored: boolean;
}

/** Texts, as applications may change how a driver reads other types. */
interface RecordedRow {
  readonly session: string;
  readonly operation: string;
  readonly digest: string;
  readonly stored: string;
}

/** What is recorded under each operation, by its key. @throws SessionError `SESSION_ERASED` */
export function recordedIn(rows: readonly unknown[]): Map<string, RecordedOperation> {
  const recorded = new Map<string, RecordedOperation>();
  for (const { session, operation, digest, stored } of rows as RecordedRow[]) {
    if (stored === 'erased') throw sessionErased();
    recorded.set(operationKey(session, { id: operation }), { digest, stored: stored === 'true' });
  }
  return recorded;
}
