import type { AgentInputItem } from '@openai/agents-core';

/** The calls that results belong to, by type: those of the SDK, and those that the API itself has. */
const CALL_OF: Readonly<Record<string, string>> = {
  function_call_result: 'function_call',
  function_call_output: 'function_call',
  computer_call_result: 'computer_call',
  computer_call_output: 'computer_call',
  shell_call_output: 'shell_call',
  local_shell_call_output: 'local_shell_call',
  apply_patch_call_output: 'apply_patch_call',
  custom_tool_call_output: 'custom_tool_call',
  program_output: 'program',
};
/** The types of calls that have results. */
export const CALLS: ReadonlySet<string> = new Set(Object.values(CALL_OF));

/** Calls that the runner leaves out of a model's input by itself while they have no result. */
const PRUNED: ReadonlySet<string> = new Set([
  'function_call',
  'computer_call',
  'apply_patch_call',
  'program',
]);

/** Their call id may be missing; then a result belongs to some search that has none yet. */
export const SEARCH = 'tool_search_call';
export const SEARCH_RESULT = 'tool_search_output';

/**
 * Tells which items of the newest part of a conversation make a valid input for a model by themselves. Left out are:
 *
 * - a result whose call is not before it; what a program did, without the program; what came of a request to approve a
 *   hosted MCP tool, without the request
 * - a reasoning item that is not followed by what the model made of it
 * - what the model made of a reasoning item that is not there: the one item that follows it
 *
 * A call without a result stays: it may be waiting for an approval, and the runner keeps it from the model by itself.
 *
 * @param items - Oldest first.
 * @param headless - Whether the item before these is a reasoning item.
 * @returns One answer for each item. More items before these never turn a yes into a no.
 */
export function validItems(items: readonly AgentInputItem[], headless: boolean): boolean[] {
  const calls = new OpenCalls(items);
  const valid: boolean[] = [];
  /** Where the reasoning items right before the current item begin. */
  let reasoning = 0;
  for (const [index, item] of items.entries()) {
    if (item.type === 'reasoning') {
      valid.push(false); // until what the model made of it follows
      continue;
    }
    const made = isMadeByModel(item);
    const lacksHead = headless && reasoning === 0 && made;
    const stays = (!lacksHead || calls.isPruned(item)) && calls.admit(item);
    if (made && stays && !lacksHead) valid.fill(true, reasoning, index);
    valid.push(stays);
    reasoning = index + 1;
  }
  return valid;
}

/** The calls so far that a later item may belong to. */
class OpenCalls {
  readonly #seen = new Set<string>();
  /** Searches by who runs them, each without a result yet. */
  readonly #searches = new Map<string, number>();

  /** What has a result. */
  readonly #answered = new Set<string>();

  constructor(items: readonly AgentInputItem[]) {
    for (const item of items.map(fieldsOf)) {
      const call = callOf(item);
      if (call) this.#answered.add(key(call, callId(item)));
    }
  }

  /** Whether the item is a call without a result that the runner keeps from the model. */
  isPruned(value: AgentInputItem): boolean {
    const item = fieldsOf(value);
    const type = typeOf(item);
    return PRUNED.has(type) && !this.#answered.has(key(type, callId(item)));
  }

  /** Whether everything that the item needs is there; then later items may need it. */
  admit(value: AgentInputItem): boolean {
    const item = fieldsOf(value);
    const type = typeOf(item);
    const id = callId(item);
    if (programOf(item) !== undefined && !this.#seen.has(key('program', programOf(item)))) return false;
    const call = callOf(item);
    if (call !== undefined && !this.#seen.has(key(call, id))) return false;
    if (type === SEARCH_RESULT && !this.#takeSearch(item, id)) return false;
    if (type === 'hosted_tool_call' && !this.#isApproved(item)) return false;
    if (CALLS.has(type)) this.#seen.add(key(type, id));
    if (type === SEARCH) this.#addSearch(item, id);
    return true;
  }

  #isApproved(item: Fields): boolean {
    const { isRequest, request } = approvalOf(item);
    if (isRequest) this.#seen.add(key('mcp_approval_request', request));
    return isRequest || request === undefined || this.#seen.has(key('mcp_approval_request', request));
  }

  #addSearch(item: Fields, id: unknown): void {
    if (id !== undefined) this.#seen.add(key(SEARCH, id));
    const runner = runnerOf(item);
    this.#searches.set(runner, (this.#searches.get(runner) ?? 0) + 1);
  }

  #takeSearch(item: Fields, id: unknown): boolean {
    const runner = runnerOf(item);
    const open = this.#searches.get(runner) ?? 0;
    if (id === undefined ? open === 0 : !this.#seen.has(key(SEARCH, id))) return false;
    this.#searches.set(runner, open - 1);
    return true;
  }
}

/** What is in an item, of whatever type it is. */
export type Fields = Readonly<Record<string, unknown>>;

/** The fields of an item; of one that the SDK does not know, those that the API gave it. */
export function fieldsOf(value: unknown): Fields {
  let fields = asFields(value);
  // not by recursion: rows that no session wrote may be as deep as they like
  while (fields.type === 'unknown' && fields.providerData) fields = asFields(fields.providerData);
  return fields;
}

function asFields(value: unknown): Fields {
  return (typeof value === 'object' && value !== null ? value : {}) as Fields;
}

/** The type of an item. One that is no text, as only rows have that no session wrote, is none. */
export function typeOf({ type }: Fields): string {
  return typeof type === 'string' ? type : '';
}

/** As the SDK names it, or as the API does. */
export function callId(item: Fields): unknown {
  const data = fieldsOf(item.providerData);
  const isId = (value: unknown) => typeof value === 'string' && value !== '';
  return [item.callId, item.call_id, data.call_id, data.callId].find(isId);
}

/** Whether an item asks to approve a call of a hosted MCP tool, and the id of the request that it is or came of. */
export function approvalOf(item: Fields): { readonly isRequest: boolean; readonly request: unknown } {
  if (item.type !== 'hosted_tool_call') return { isRequest: false, request: undefined };
  const data = fieldsOf(item.providerData);
  if (item.name === 'mcp_approval_request' || data.type === 'mcp_approval_request')
    return { isRequest: true, request: data.id ?? item.id };
  const request = data.approval_request_id;
  return { isRequest: false, request: typeof request === 'string' ? request : undefined };
}

/** The call id of the program that made a call or got its result. */
export function programOf(item: Fields): unknown {
  const caller = fieldsOf(item.caller);
  return caller.type === 'program' ? (caller.callerId ?? caller.caller_id) : undefined;
}

/** Who runs a search. */
export function runnerOf(item: Fields): string {
  const execution = item.execution ?? fieldsOf(item.providerData).execution;
  return typeof execution === 'string' ? execution : '';
}

/** The type of the call whose result the item is. */
export function callOf(item: Fields): string | undefined {
  const type = typeOf(item);
  return Object.hasOwn(CALL_OF, type) ? CALL_OF[type] : undefined;
}

/** Whether the item is a user message, at which a turn begins. */
export function isUserMessage(item: AgentInputItem): boolean {
  return (item.type === undefined || item.type === 'message') && item.role === 'user';
}

/** Whether a model made the item: a message of the assistant, a call, reasoning. */
export function isMadeByModel(value: AgentInputItem): boolean {
  const item = fieldsOf(value);
  const { type = 'message', role, name } = item;
  if (type === 'message') return role === 'assistant';
  return type !== SEARCH_RESULT && callOf(item) === undefined && name !== 'mcp_approval_response';
}

/** Whether items hold a result whose call is not among them: what answers a call that was stored earlier. */
export function answersEarlierCall(items: readonly AgentInputItem[]): boolean {
  const valid = validItems(items, false);
  return items.some((item, index) => !valid[index] && item.type !== 'reasoning');
}

/** Names a call of one type by its id. */
export function key(type: string, id: unknown): string {
  return JSON.stringify([type, id]);
}
