import type { SessionHost } from './session-host.js';
import type { SessionOptions } from './session-options.js';

type CanHave = (
  host: Pick<SessionHost, 'edit' | 'history' | 'usage' | 'operations' | 'joined'>,
  options: Pick<SessionOptions<never>, 'tenant' | 'window'>,
) => boolean;

const reads: CanHave = ({ history }) => history;
const counts: CanHave = ({ usage }) => usage;
const changes: CanHave = ({ history, edit }) => history && edit;
const edits: CanHave = ({ edit }) => edit;

/** What a session has besides the SDK's five methods, and when. */
const METHODS = {
  // it waits for the SDK to be loaded: a synchronous transaction of the application would be over by then
  applyHistoryTransaction: ({ edit, operations, joined }) => edit && operations && !joined,
  // the SDK gives it no run context, from which the tenant would come
  applyHistoryMutations: ({ edit }, { tenant }) => edit && !tenant,
  // with a window it only appends
  replaceHistoryWithCompaction: ({ edit }, { window }) => edit || window !== undefined,
  history: reads,
  turns: reads,
  items: reads,
  // a transaction sees what is committed when it is over
  watch: ({ history, joined }) => history && !joined,
  rewind: changes,
  replaceTurn: changes,
  removeItem: changes,
  replaceItem: changes,
  replaceBeginning: edits, // it needs no place
  recordUsage: counts,
  usage: counts,
} satisfies Readonly<Record<string, CanHave>>;

/**
 * Takes away the methods that a session cannot have. The SDK's runner only looks whether a method is there: it works as
 * the SDK says, or it is `undefined`.
 */
export function removeAbsentMethods(
  session: object,
  host: SessionHost,
  options: SessionOptions<never>,
): void {
  for (const [name, canHave] of Object.entries<CanHave>(METHODS)) {
    if (!canHave(host, options)) Object.defineProperty(session, name, { value: undefined });
  }
}
