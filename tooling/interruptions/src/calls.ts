import type { AgentInputItem } from '@openai/agents-core';
import type { StoreSession } from '@stackone/sessions-core';

/** One call on a conversation that holds {@link BEFORE}. */
export interface Call {
  /** What the tables of `docs/costs.md` call it, without marks. */
  readonly name: string;
  readonly perform: (session: StoreSession) => Promise<unknown>;
  /** What the call returns. */
  readonly answer?: unknown;
  /** The whole conversation afterwards. */
  readonly after: readonly AgentInputItem[];
  /** It changes nothing. */
  readonly reads?: true;
  /** It has an operation id, so it can be repeated after anything. */
  readonly once?: true;
  /** It takes the recorded operations along. */
  readonly forgets?: true;
}

const user = (content: string): AgentInputItem => ({ type: 'message', role: 'user', content });
const assistant = (text: string): AgentInputItem => ({
  type: 'message',
  role: 'assistant',
  status: 'completed',
  content: [{ type: 'output_text', text }],
});
const lookup = (callId: string, order: string): AgentInputItem & { type: 'function_call' } => ({
  type: 'function_call',
  callId,
  name: 'lookup',
  status: 'completed',
  arguments: order,
});
const found = (callId: string): AgentInputItem => ({
  type: 'function_call_result',
  callId,
  name: 'lookup',
  status: 'completed',
  output: 'shipped',
});

/** What is added first, under {@link FIRST_OPERATION}. */
export const FIRST = [user('Where is my order?'), lookup('c1', '{"order":7}')];
export const FIRST_OPERATION = 'first';
/** What is added to it without an operation. */
export const SECOND = [lookup('c1', '{"order":8}'), found('c1'), assistant('It was shipped.')];
export const BEFORE = [...FIRST, ...SECOND];

/** What the calls that add something add. */
export const TURN = [user('And the other one?'), assistant('On its way.')];
const COMPACTED: AgentInputItem = { type: 'compaction', encrypted_content: 'all of it' };
const CORRECTED = lookup('c1', '{"order":9}');

/** Every call that reaches the database. */
export const CALLS: readonly Call[] = [
  { name: 'getItems', reads: true, answer: BEFORE, after: BEFORE, perform: (session) => session.getItems() },
  { name: 'addItems', after: [...BEFORE, ...TURN], perform: (session) => session.addItems(TURN) },
  {
    name: 'addItems with operationId',
    once: true,
    after: [...BEFORE, ...TURN],
    perform: (session) => session.addItems(TURN, undefined, { operationId: 'turn' }),
  },
  {
    // the key of this id is one of those that make old operations be forgotten
    name: 'addItems with operationId, one in sixteen',
    once: true,
    after: [...BEFORE, ...TURN],
    perform: (session) => session.addItems(TURN, undefined, { operationId: 'turn 1' }),
  },
  {
    name: 'popItem',
    answer: BEFORE.at(-1),
    after: BEFORE.slice(0, -1),
    perform: (session) => session.popItem(),
  },
  { name: 'clearSession', forgets: true, after: [], perform: (session) => session.clearSession() },
  {
    name: 'applyHistoryTransaction, append_items',
    once: true,
    after: [...BEFORE, ...TURN],
    perform: (session) =>
      session.applyHistoryTransaction({
        operationId: 'turn',
        transaction: { type: 'append_items', items: TURN },
      }),
  },
  {
    name: 'applyHistoryTransaction, replace_suffix',
    once: true,
    after: [...BEFORE.slice(0, -2), ...TURN],
    perform: (session) =>
      session.applyHistoryTransaction({
        operationId: 'turn',
        transaction: { type: 'replace_suffix', expectedSuffix: BEFORE.slice(-2), replacement: TURN },
      }),
  },
  {
    // changes one row and removes another
    name: 'applyHistoryMutations',
    after: BEFORE.toSpliced(1, 2, CORRECTED),
    perform: (session) =>
      session.applyHistoryMutations({
        mutations: [{ type: 'replace_function_call', callId: 'c1', replacement: CORRECTED }],
      }),
  },
  {
    // removes three rows, changes one and keeps one
    name: 'replaceHistoryWithCompaction',
    after: [COMPACTED, ...BEFORE.slice(-1)],
    perform: (session) => session.replaceHistoryWithCompaction([COMPACTED, ...BEFORE.slice(-1)]),
  },
  {
    // what `atomicCompaction` does: the same rows
    name: 'replaceBeginning',
    after: [COMPACTED, ...BEFORE.slice(-1)],
    perform: (session) => session.replaceBeginning(BEFORE.slice(0, -1), [COMPACTED]),
  },
];
