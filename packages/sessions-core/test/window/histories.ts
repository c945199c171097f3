import { isDeepStrictEqual } from 'node:util';
import type { AgentInputItem } from '@openai/agents-core';
import fc from 'fast-check';

export const item = (value: object) => value as AgentInputItem;
export const user = (text: string) => item({ role: 'user', content: text });
export const say = (id: string) =>
  item({ type: 'message', role: 'assistant', id, status: 'completed', content: [] });
export const thought = (id: string) => item({ type: 'reasoning', id, content: [] });
export const call = (callId: string) => item({ type: 'function_call', callId, name: 'f', arguments: '{}' });
export const result = (callId: string) =>
  item({ type: 'function_call_result', callId, name: 'f', output: 'ok' });

/** Two items of which the second needs the first. */
export const PAIRS: Readonly<Record<string, [first: object, second: object]>> = {
  'a function call': [call('c'), result('c')],
  'a function call as the API has it': [
    { type: 'function_call', call_id: 'a', name: 'f', arguments: '{}' },
    { type: 'function_call_output', call_id: 'a', output: 'ok' },
  ],
  'a computer call': [
    { type: 'computer_call', callId: 'c' },
    { type: 'computer_call_result', callId: 'c' },
  ],
  'a shell call': [
    { type: 'shell_call', callId: 'c' },
    { type: 'shell_call_output', callId: 'c' },
  ],
  'a patch': [
    { type: 'apply_patch_call', callId: 'c' },
    { type: 'apply_patch_call_output', callId: 'c' },
  ],
  'a program': [
    { type: 'program', callId: 'c' },
    { type: 'program_output', callId: 'c' },
  ],
  'a call of a program': [
    { type: 'program', callId: 'p' },
    { ...call('c'), caller: { type: 'program', callerId: 'p' } },
  ],
  'a tool search with an id': [
    { type: 'tool_search_call', call_id: 'c', arguments: {} },
    { type: 'tool_search_output', call_id: 'c', tools: [] },
  ],
  'a tool search without an id': [
    { type: 'tool_search_call', call_id: null, execution: 'server', arguments: {} },
    { type: 'tool_search_output', call_id: null, execution: 'server', tools: [] },
  ],
  'a request to approve a hosted MCP tool': [
    {
      type: 'hosted_tool_call',
      name: 'mcp_approval_request',
      id: 'r',
      providerData: { type: 'mcp_approval_request', id: 'r' },
    },
    { type: 'hosted_tool_call', name: 'mcp_approval_response', providerData: { approval_request_id: 'r' } },
  ],
  'an item that the SDK does not know': [
    { type: 'unknown', providerData: { type: 'custom_tool_call', call_id: 'c' } },
    { type: 'unknown', providerData: { type: 'custom_tool_call_output', call_id: 'c' } },
  ],
  'reasoning before a message': [thought('r'), say('m')],
  'reasoning before a hosted tool': [
    thought('r'),
    { type: 'hosted_tool_call', name: 'web_search_call', id: 'w' },
  ],
};

const id = fc.integer({ min: 0, max: 5 }).map((number) => `id${number}`);
/** Any item, with few ids, so that many belong together. */
export const anyItem: fc.Arbitrary<AgentInputItem> = fc.oneof(
  id.map(user),
  id.map(say),
  id.map(thought),
  id.map(call),
  id.map(result),
  fc.constantFrom(...Object.values(PAIRS).flat().map(item)),
  fc.constant(item({ type: 'compaction', encrypted_content: 'x' })),
);
/** Any items in any order. */
export const history = fc.array(anyItem, { maxLength: 40 });
const NEEDS: readonly (readonly [result: string, call: string, key: string])[] = [
  ['function_call_result', 'function_call', 'callId'],
  ['function_call_output', 'function_call', 'call_id'],
  ['computer_call_result', 'computer_call', 'callId'],
  ['shell_call_output', 'shell_call', 'callId'],
  ['apply_patch_call_output', 'apply_patch_call', 'callId'],
  ['program_output', 'program', 'callId'],
  ['custom_tool_call_output', 'custom_tool_call', 'call_id'],
  ['tool_search_output', 'tool_search_call', 'call_id'],
];

/** Why a model, or the API, would refuse the items; said anew, not with the code under test. */
export function faultIn(items: readonly AgentInputItem[]): string | undefined {
  const fields = items.map((value) => value as unknown as Record<string, unknown>);
  for (const [index, value] of fields.entries()) {
    const before = fields.slice(0, index);
    const data = (value.providerData ?? {}) as Record<string, unknown>;
    const has = (wanted: Record<string, unknown>) =>
      before.some((one) => Object.entries(wanted).every(([key, field]) => one[key] === field));
    for (const [result, call, key] of NEEDS) {
      const { type, ...rest } = value.type === 'unknown' ? data : value;
      const wanted = { type: call, [key]: rest[key] };
      if (type !== result) continue;
      if (!has(wanted) && !before.some(({ providerData }) => isDeepStrictEqual(providerData, wanted)))
        return `${result} without ${call}`;
    }
    if (value.caller && !has({ type: 'program', callId: 'p' })) return 'a call without its program';
    if (data.approval_request_id && !has({ name: 'mcp_approval_request' })) return 'an approval of nothing';
    if (value.type !== 'reasoning') continue;
    const next = fields.slice(index).find(({ type }) => type !== 'reasoning');
    const { type, name } = (next?.type === 'unknown' ? next.providerData : (next ?? {})) as Record<
      string,
      unknown
    >;
    const result = NEEDS.some(([one]) => one === type) || name === 'mcp_approval_response';
    if (!next || next.role === 'user' || result) return 'idle reasoning';
  }
  return undefined;
}
