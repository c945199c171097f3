import { openSessionStore, type SessionStore } from '../../src/index.js';

/** In a narrow terminal there are no colours either. */
export const CONDITIONS = ['pipe', 'terminal', 'narrow', 'killed'] as const;
export type Condition = (typeof CONDITIONS)[number];

/** What commands only look at. */
export const LOOKED_AT = 'looked_at';
/** Items of a conversation that commands change, and turns of two items. */
const ITEMS = 6;

/** A command under a condition: what it changes is its alone. */
export interface Cell {
  /** Of a conversation, a run and a tenant. */
  readonly id: string;
  readonly url: string;
  readonly store: SessionStore;
  /** Another database, encrypted with the key that is the last one here. */
  readonly encrypted: { readonly url: string; readonly keys: readonly [string, string] };
  /** A database that is imported and copied from, and its export. */
  readonly moved: { readonly url: string; readonly file: string };
}

export interface Row {
  args(cell: Cell): readonly string[];
  /** What is told, spaces left out. */
  readonly says: string;
  readonly codes?: readonly number[];
  environment?(cell: Cell): NodeJS.ProcessEnv;
  readonly isColoured?: boolean;
  /** It prints what is for another program. */
  readonly isData?: boolean;
  /** It is ended by Ctrl+C, once it has said this. */
  readonly goesOnAfter?: string;
  /** What is there of that which it changes, and what that is once it is done; once more after it was killed, if that differs. */
  left?(cell: Cell): Promise<number>;
  readonly done?: number;
  readonly doneTwice?: number;
  /** What it may end with when it is said again. */
  readonly again?: readonly number[];
  /** It waits for most of its time, so that it need not wait for a room too. */
  readonly isPatient?: boolean;
  /** It works in several transactions. */
  readonly isInSteps?: boolean;
  /** Under each condition it goes on with what it left under the one before. */
  readonly isChained?: boolean;
}

const items = async ({ store }: Cell, id: string) => (await store.session(id).getItems()).length;
const itemsOfTenant = async ({ store, id }: Cell) =>
  (await store.scoped(id).session('chat').getItems()).length;
const undecided = async ({ store, id }: Cell) => {
  const { state, pending } = await store.runs.retrieve(id);
  return state === 'cancelled' ? 0 : pending.filter(({ decision }) => !decision).length;
};
const keysOf = ({ encrypted: { keys } }: Cell) => ({ SESSIONS_ENCRYPTION_KEY: keys.join('\n') });

/** Each command; another way to say one has its options behind it. */
export const ROWS: Readonly<Record<string, Row>> = {
  // the first one, as it takes longest
  conformance: {
    args: ({ url }) => ['conformance', url],
    says: ',0failed,',
    isColoured: true,
    isPatient: true,
  },
  list: { args: ({ url }) => ['list', '--prefix', 'looked', url], says: LOOKED_AT },
  show: { args: ({ url }) => ['show', LOOKED_AT, url], says: 'Itwassent.', isColoured: true },
  tail: { args: ({ url }) => ['tail', LOOKED_AT, url], says: 'Yes.', isColoured: true },
  'tail --follow': {
    args: ({ url }) => ['tail', '--follow', LOOKED_AT, url],
    says: 'Yes.',
    isColoured: true,
    goesOnAfter: 'Yes.',
    codes: [130],
  },
  studio: {
    args: ({ url }) => ['studio', '--quiet', url],
    says: 'http://127.0.0.1:',
    isData: true,
    goesOnAfter: 'http',
  },
  turns: { args: ({ url }) => ['turns', LOOKED_AT, url], says: 'Where' },
  grep: { args: ({ url }) => ['grep', 'sent', '--id', LOOKED_AT, url], says: 'Itwassent.', isColoured: true },
  stats: { args: ({ url }) => ['stats', url], says: 'conversations', isColoured: true },
  runs: { args: ({ url }) => ['runs', '--url', url], says: 'run_kept' },
  'runs pending': { args: ({ url }) => ['runs', 'pending', '--all', url], says: 'run_kept' },
  'runs show': { args: ({ url }) => ['runs', 'show', 'run_kept', url], says: 'call_2' },
  'runs approve': {
    args: ({ id, url }) => ['runs', 'approve', id, url],
    says: 'approvedcall_1,call_2',
    left: undecided,
    done: 0,
    isInSteps: true,
    again: [4], // there is nothing to decide any more
  },
  'runs reject': {
    args: ({ id, url }) => ['runs', 'reject', id, '--call', 'call_1', '--call', 'call_2', url],
    says: 'rejectedcall_1,call_2',
    left: undecided,
    done: 0,
    isInSteps: true,
  },
  'runs cancel': {
    args: ({ id, url }) => ['runs', 'cancel', id, '--yes', url],
    says: 'cancelled',
    left: undecided,
    done: 0,
  },
  delete: {
    args: ({ id, url }) => ['delete', id, '--yes', '--url', url],
    says: ': 6 items'.replaceAll(' ', ''),
    left: (cell) => items(cell, cell.id),
    done: 0,
    again: [3],
  },
  rename: {
    args: ({ id, url }) => ['rename', id, `${id}_new`, url],
    says: 'renamedto',
    left: (cell) => items(cell, `${cell.id}_new`),
    done: ITEMS,
    again: [3, 4],
  },
  fork: {
    args: ({ id, url }) => ['fork', id, `${id}_new`, url],
    says: 'forkedto',
    left: (cell) => items(cell, `${cell.id}_new`),
    done: ITEMS,
    again: [4],
  },
  rewind: {
    args: ({ id, url }) => ['rewind', id, '--yes', url],
    says: 'question3',
    left: (cell) => items(cell, cell.id),
    done: ITEMS - 2,
    doneTwice: ITEMS - 4,
  },
  prune: {
    args: ({ id, url }) => ['prune', '--keep-turns', '1', '--tenant', id, '--yes', url],
    says: 'shortened1:4items',
    left: itemsOfTenant,
    done: 2,
  },
  export: { args: ({ url }) => ['export', '--id', LOOKED_AT, url], says: '"version":', isData: true },
  import: {
    args: ({ id, moved, url }) => ['import', moved.file, '--tenant', id, url],
    says: 'written:1conversationwith6items',
    left: itemsOfTenant,
    done: ITEMS,
  },
  copy: {
    args: ({ id, moved, url }) => ['copy', moved.url, url, '--tenant', id, '--verify'],
    says: 'verified,thesameinboth:1conversation',
    left: itemsOfTenant,
    done: ITEMS,
  },
  schema: { args: ({ url }) => ['schema', '--check', url], says: 'Thetablesareastheyshouldbe.' },
  // 1 where a server of the tests is not durable
  doctor: { args: ({ url }) => ['doctor', url], says: 'INVALID_INPUT', isColoured: true, codes: [0, 1] },
  reencrypt: {
    args: ({ encrypted }) => ['reencrypt', encrypted.url],
    environment: keysOf,
    says: 'with the newest key'.replaceAll(' ', ''),
    left: unread,
    done: 0,
    isInSteps: true,
    isChained: true,
  },
  bench: {
    args: ({ url }) => ['bench', url, '--rounds', '1', '--callers', '2', '--items', '20'],
    says: 'append,2callers',
  },
  torture: {
    args: ({ url }) => ['torture', url, '--rounds', '1', '--writers', '1', '--fault', 'none'],
    says: 'nothingwaswrong',
  },
  complete: { args: () => ['complete', 'bash'], says: 'COMPREPLY', isData: true },
};

/** How many conversations the newest key alone does not read. */
async function unread({ encrypted: { url, keys } }: Cell): Promise<number> {
  await using store = await openSessionStore(url, { encryption: { key: keys[0] }, onCorruptItem: 'throw' });
  let count = 0;
  for await (const { id } of store.sessions.list())
    count += await store
      .session(id)
      .getItems()
      .then(
        () => 0,
        () => 1,
      );
  return count;
}
