import type { AgentInputItem } from '@openai/agents-core';

/** An item with what becomes of it. */
export interface ItemCase {
  readonly name: string;
  readonly item: AgentInputItem;
  /** Why the SDK's converter refuses the item, which is therefore stored in this SDK's shape. */
  readonly refused?: string;
}

const completed = { status: 'completed' } as const;

const entries: [name: string, item: object, refused?: string][] = [
  ['user, text', { type: 'message', role: 'user', content: 'hi' }],
  ['user without a type', { role: 'user', content: 'hi', id: 'msg_0' }],
  [
    'user, parts',
    {
      type: 'message',
      role: 'user',
      content: [
        { type: 'input_text', text: 'what is this?' },
        { type: 'input_text', text: 'cached', promptCacheBreakpoint: { mode: 'explicit' } },
        { type: 'input_image', image: 'https://example.com/a.png' },
        { type: 'input_image', image: { id: 'file_1' }, detail: 'low' },
        { type: 'input_file', file: 'data:text/plain;base64,aGk=', filename: 'a.txt' },
        { type: 'input_file', file: 'aGk=' },
        { type: 'input_file', file: { url: 'https://example.com/a.pdf' } },
        { type: 'input_file', file: 'https://example.com/a.pdf' },
        { type: 'input_file', file: { id: 'file_2' } },
      ],
    },
  ],
  [
    'user, audio',
    { type: 'message', role: 'user', content: [{ type: 'audio', audio: 'aGk=' }] },
    'the API takes no audio here',
  ],
  [
    'user, a file behind http',
    { role: 'user', content: [{ type: 'input_file', file: 'http://example.com/a' }] },
    'the SDK wants https',
  ],
  ['system', { type: 'message', role: 'system', content: 'be short' }],
  [
    'assistant of the Responses API',
    {
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      content: [
        {
          type: 'output_text',
          text: 'done',
          providerData: {
            annotations: [
              { type: 'url_citation', start_index: 0, end_index: 4, title: 't', url: 'https://example.com' },
            ],
            logprobs: [],
          },
        },
        { type: 'refusal', refusal: 'no' },
      ],
      ...completed,
      phase: 'final_answer',
      providerData: { phase: 'final_answer' },
    },
  ],
  [
    'assistant without an id',
    { type: 'message', role: 'assistant', ...completed, content: [{ type: 'output_text', text: 'done' }] },
  ],
  [
    'assistant with the placeholder of this SDK',
    { id: 'FAKE_ID', type: 'message', role: 'assistant', status: 'incomplete', content: [] },
  ],
  [
    'assistant, image',
    { type: 'message', role: 'assistant', ...completed, content: [{ type: 'image', image: 'aGk=' }] },
    'the API takes no image here',
  ],
  [
    'assistant, audio',
    { type: 'message', role: 'assistant', ...completed, content: [{ type: 'audio', audio: { id: 'a_1' } }] },
    'the API takes no audio here',
  ],
  [
    'function_call',
    {
      type: 'function_call',
      callId: 'c1',
      name: 'weather',
      ...completed,
      arguments: '{"city":"Oslo"}',
      providerData: { type: 'function_call' },
    },
  ],
  [
    'function_call of a program, in a namespace',
    {
      type: 'function_call',
      callId: 'c1',
      name: 'weather',
      namespace: 'maps',
      arguments: '{}',
      caller: { type: 'program', callerId: 'p1' },
    },
  ],
  [
    'function_call_result, text',
    {
      type: 'function_call_result',
      name: 'weather',
      callId: 'c1',
      ...completed,
      output: { type: 'text', text: 'sunny in Oslo' },
    },
  ],
  [
    'function_call_result, string',
    {
      type: 'function_call_result',
      name: 'c1',
      namespace: 'maps',
      callId: 'c1',
      ...completed,
      caller: { type: 'direct' },
      output: 'sunny',
    },
  ],
  ...toolOutputs().map((output, index): [string, object] => [
    `function_call_result, output ${index}`,
    { type: 'function_call_result', name: 'look', callId: 'c1', ...completed, output },
  ]),
  [
    'reasoning of the Responses API',
    {
      type: 'reasoning',
      id: 'rs_1',
      content: [{ type: 'input_text', text: 'think', providerData: { type: 'summary_text' } }],
      providerData: { id: 'rs_1', type: 'reasoning', encrypted_content: 'ENC' },
    },
  ],
  [
    'reasoning with its text',
    {
      type: 'reasoning',
      id: 'rs_2',
      content: [],
      providerData: { id: 'rs_2', type: 'reasoning', content: [{ type: 'reasoning_text', text: 'hm' }] },
    },
  ],
  [
    'reasoning of another model',
    { type: 'reasoning', content: [], rawContent: [{ type: 'reasoning_text', text: 'hm' }] },
  ],
  ...hosted(),
  [
    'a hosted call of a name that the SDK does not know',
    { type: 'hosted_tool_call', name: 'my_search', ...completed },
    'no type of row',
  ],
  [
    'a web search in a state that the SDK does not know',
    {
      type: 'hosted_tool_call',
      id: 'ws_1',
      name: 'web_search_call',
      status: 'odd',
      providerData: { type: 'web_search_call' },
    },
    'the SDK checks the state',
  ],
  [
    'computer_call',
    {
      type: 'computer_call',
      id: 'cu_1',
      callId: 'c1',
      ...completed,
      action: { type: 'click', x: 1, y: 2, button: 'left' },
      providerData: { id: 'cu_1', type: 'computer_call', pending_safety_checks: [{ id: 's1', code: 'x' }] },
    },
  ],
  [
    'computer_call with several actions',
    {
      type: 'computer_call',
      callId: 'c1',
      ...completed,
      actions: [{ type: 'wait' }, { type: 'screenshot' }],
    },
  ],
  [
    'computer_call_result',
    {
      type: 'computer_call_result',
      callId: 'c1',
      output: { type: 'computer_screenshot', data: 'data:image/png;base64,aGk=' },
      providerData: { acknowledgedSafetyChecks: [{ id: 's1' }], status: 'completed' },
    },
  ],
  [
    'shell_call',
    {
      type: 'shell_call',
      id: 'sh_1',
      callId: 'c1',
      ...completed,
      action: { commands: ['ls'], timeoutMs: 1000 },
      caller: { type: 'program', callerId: 'p1' },
      providerData: { id: 'sh_1', type: 'shell_call', environment: { type: 'local' }, mine: 1 },
    },
  ],
  [
    'shell_call_output',
    {
      type: 'shell_call_output',
      callId: 'c1',
      maxOutputLength: 100,
      output: [
        { stdout: 'a', stderr: '', outcome: { type: 'exit', exitCode: 2 } },
        { stdout: '', stderr: '', outcome: { type: 'exit', exitCode: null }, extra: true },
        { stdout: '', stderr: '', outcome: { type: 'timeout' } },
      ],
    },
  ],
  [
    'apply_patch_call',
    {
      type: 'apply_patch_call',
      id: 'ap_1',
      callId: 'c1',
      ...completed,
      operation: { type: 'update_file', path: 'a', diff: '+b', moveTo: 'b' },
      providerData: { mine: 1 },
    },
  ],
  [
    'apply_patch_call_output',
    { type: 'apply_patch_call_output', callId: 'c1', status: 'failed', output: 'no' },
  ],
  ['program', { type: 'program', id: 'p_1', callId: 'c1', code: '1', fingerprint: 'f', providerData: {} }],
  ['program_output', { type: 'program_output', id: 'p_2', callId: 'c1', output: '1', ...completed }],
  [
    'tool_search_call',
    { type: 'tool_search_call', call_id: 'c1', execution: 'client', arguments: { q: 'x' } },
  ],
  [
    'tool_search_call of the SDK',
    {
      type: 'tool_search_call',
      id: 'ts_1',
      ...completed,
      arguments: { q: 'x' },
      providerData: { call_id: 'c1', execution: 'server' },
    },
  ],
  [
    'tool_search_output',
    {
      type: 'tool_search_output',
      callId: 'c1',
      ...completed,
      toolSearchAgentName: 'A',
      tools: [
        { type: 'tool_reference', functionName: 'f', namespace: 'n' },
        {
          type: 'namespace',
          name: 'n',
          tools: [{ type: 'function', name: 'f', deferLoading: true, allowedCallers: [], outputSchema: {} }],
        },
      ],
    },
  ],
  [
    'compaction',
    { type: 'compaction', id: 'cmp_1', encrypted_content: 'ENC', created_by: 'x', providerData: {} },
  ],
  [
    'unknown',
    {
      type: 'unknown',
      id: 'ct_1',
      providerData: { type: 'custom_tool_call', call_id: 'c1', name: 'n', input: 'i', id: 'ct_1', aB: 1 },
    },
  ],
];

function toolOutputs(): unknown[] {
  const image = (source: unknown, more = {}) => ({ type: 'image', image: source, ...more });
  const file = (source: unknown) => ({ type: 'file', file: source });
  return [
    image('data:image/png;base64,aGk=', { detail: 'low' }),
    image({ url: 'https://example.com/a.png' }),
    image({ data: 'aGk=', mediaType: 'image/png' }),
    image({ data: new Uint8Array([1, 2, 3]), mediaType: 'image/png' }),
    image({ fileId: 'file_1' }),
    file('data:text/plain;base64,aGk='),
    file({ data: new Uint8Array([1, 2, 3]), mediaType: 'text/plain', filename: 'a.txt' }),
    file({ url: 'https://example.com/a.txt' }),
    file({ id: 'file_1' }),
    [
      { type: 'input_text', text: 'a', providerData: { mine: 1 } },
      { type: 'input_image', image: 'https://example.com/a.png', detail: 'high' },
      { type: 'input_file', file: { id: 'file_1' }, filename: 'a' },
      { type: 'input_file', file: 'http://example.com/a' },
    ],
  ];
}

function hosted(): [string, object][] {
  const call = (type: string, providerData: object, more: object): [string, object] => [
    type,
    {
      type: 'hosted_tool_call',
      id: 'h_1',
      name: type,
      ...more,
      providerData: { id: 'h_1', type, ...providerData },
    },
  ];
  return [
    call('web_search_call', { action: { type: 'search', query: 'q' } }, completed),
    call('file_search_call', { queries: ['q'], results: [{ file_id: 'f', text: 't' }] }, completed),
    call('code_interpreter_call', { code: '1', outputs: [], container_id: 'k' }, completed),
    call('image_generation_call', { output_format: 'png' }, { ...completed, output: 'aGk=' }),
    call(
      'mcp_list_tools',
      { server_label: 's', tools: [{ name: 't', input_schema: {} }], error: null },
      completed,
    ),
    call('mcp_approval_request', { name: 'n', arguments: '{}', server_label: 's' }, completed),
    call('mcp_approval_response', { approve: true, approval_request_id: 'h_0', reason: 'ok' }, {}),
    call('mcp_call', { name: 'n', arguments: '{}', server_label: 's' }, { ...completed, output: 'out' }),
  ];
}

/** Items of every type of the SDK, with every way in which their parts can be said. */
export const ITEM_CASES: readonly ItemCase[] = entries.map(([name, item, refused]) => ({
  name,
  item: item as AgentInputItem,
  ...(refused !== undefined && { refused }),
}));
