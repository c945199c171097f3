import { channel } from 'node:diagnostics_channel';
import { NO_CONVERSATION } from '../ids/session-id.js';
import { givenIds } from '../ids/tenant-id.js';
import { type Awaitable, whenReady } from '../port/awaitable.js';
import type { SessionEngine } from '../port/backend.js';
import { type CallCounts, CallRecord } from '../port/call-record.js';
import { READS, type SessionOperation } from '../session/session-host.js';

/** What is published on the `node:diagnostics_channel` named {@link OPERATION_CHANNEL}, once for every call. */
export interface OperationMessage extends CallCounts {
  /** The engine, like `sqlite`. */
  readonly engine: string;
  /** The table of items. Absent where the engine has none. */
  readonly table?: string;
  /** The session's method, or that of `store.sessions`, like `sessions.list`. */
  readonly operation: SessionOperation;
  /**
   * The id of the conversation as it was given, without its tenant; absent for a call that is not about one, and for
   * a mistake in the arguments. It is no property of the
   * message's own: whoever prints, copies or serialises a message does not get it, only who asks for it.
   */
  readonly sessionId?: string | undefined;
}

/** The name of the diagnostics channel that carries an {@link OperationMessage} for every call of every session. */
export const OPERATION_CHANNEL = 'stackone:sessions:operation';

const operations = channel(OPERATION_CHANNEL);

/** Makes a call, and tells the diagnostics channel of its end: at once where it is done at once. */
export function published<T>(
  { name, table }: Pick<SessionEngine, 'name' | 'table'>,
  operation: SessionOperation,
  call: (record: CallRecord | undefined) => Awaitable<T>,
): Awaitable<T> {
  if (!operations.hasSubscribers) return call(undefined);
  const record = new CallRecord();
  const publish = (thrown?: { readonly error: unknown }) => {
    const counts = record.counts(!READS.has(operation), thrown);
    const about = { engine: name, ...(table !== undefined && { table }), operation };
    operations.publish(new Message({ ...about, ...counts }, sessionIdOf(record)));
  };
  const fail = (error: unknown): never => {
    publish({ error });
    throw error;
  };
  const succeed = (result: T): T => {
    publish();
    return result;
  };
  let result: Awaitable<T>;
  try {
    result = call(record);
  } catch (thrown) {
    return fail(thrown);
  }
  return result instanceof Promise ? result.then(succeed, fail) : whenReady(result, succeed);
}

/** The id of the conversation as it was given, where the call is about one. Those by which other calls take turns begin with a NUL. */
function sessionIdOf({ storedId }: CallRecord): string | undefined {
  return storedId === NO_CONVERSATION || storedId.startsWith('\0') ? undefined : givenIds(storedId).sessionId;
}

class Message {
  readonly #sessionId: string | undefined;

  constructor(shown: Omit<OperationMessage, 'sessionId'>, sessionId: string | undefined) {
    Object.assign(this, shown);
    this.#sessionId = sessionId;
  }

  get sessionId(): string | undefined {
    return this.#sessionId;
  }
}
