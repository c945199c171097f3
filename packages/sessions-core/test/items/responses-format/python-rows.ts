/** A row of the Python SDK, with the type of the item that it is read as. */
export interface RowCase {
  /** The member of the input union. */
  readonly member: string;
  readonly row: Readonly<Record<string, unknown>>;
  readonly itemType: string;
}

const completed = { status: 'completed' } as const;

const entries: [member: string, itemType: string, row: object][] = [
  ['EasyInputMessageParam', 'message', { content: 'hi', role: 'user' }],
  ['EasyInputMessageParam', 'message', { content: 'done', role: 'assistant', phase: 'commentary' }],
  ['EasyInputMessageParam', 'unknown', { content: 'rules', role: 'developer' }],
  [
    'Message',
    'message',
    {
      role: 'user',
      type: 'message',
      content: [
        { type: 'input_text', text: 'a' },
        { type: 'input_image', image_url: 'https://example.com/a.png', detail: 'auto', file_id: null },
        { type: 'input_image', file_id: 'file_1', detail: 'low' },
        { type: 'input_file', file_data: 'data:text/plain;base64,aGk=', filename: 'a' },
        { type: 'input_file', file_url: 'https://example.com/a' },
        { type: 'input_file', file_id: 'file_1' },
      ],
    },
  ],
  [
    'Message',
    'message',
    {
      role: 'system',
      content: [
        { type: 'input_text', text: 'a' },
        { type: 'input_text', text: 'b' },
      ],
    },
  ],
  [
    'ResponseOutputMessageParam',
    'message',
    {
      id: 'msg_1',
      content: [
        { annotations: [], text: 'done', type: 'output_text', logprobs: [] },
        { refusal: 'no', type: 'refusal' },
      ],
      role: 'assistant',
      ...completed,
      type: 'message',
      phase: 'final_answer',
    },
  ],
  [
    'ResponseOutputMessageParam',
    'message',
    {
      id: '__fake_id__',
      content: [{ annotations: [], text: 'done', type: 'output_text' }],
      role: 'assistant',
      ...completed,
      type: 'message',
      provider_data: { model: 'm' },
    },
  ],
  [
    'ResponseFileSearchToolCallParam',
    'hosted_tool_call',
    { id: 'fs_1', queries: ['q'], ...completed, type: 'file_search_call', results: null },
  ],
  [
    'ResponseComputerToolCallParam',
    'computer_call',
    {
      id: 'cu_1',
      call_id: 'c1',
      pending_safety_checks: [{ id: 's' }],
      ...completed,
      type: 'computer_call',
      action: { type: 'wait' },
    },
  ],
  [
    'ComputerCallOutput',
    'computer_call_result',
    {
      call_id: 'c1',
      output: { type: 'computer_screenshot', image_url: 'data:image/png;base64,aGk=' },
      type: 'computer_call_output',
      acknowledged_safety_checks: null,
    },
  ],
  [
    'ResponseFunctionWebSearchParam',
    'hosted_tool_call',
    { id: 'ws_1', action: { type: 'search', query: 'q' }, ...completed, type: 'web_search_call' },
  ],
  [
    'ResponseFunctionToolCallParam',
    'function_call',
    {
      arguments: '{}',
      call_id: 'c1',
      name: 'weather',
      type: 'function_call',
      id: 'fc_1',
      ...completed,
      caller: { type: 'program', caller_id: 'p1' },
    },
  ],
  [
    'ResponseFunctionToolCallParam',
    'function_call',
    {
      arguments: '{}',
      call_id: 'c1',
      name: 'weather',
      type: 'function_call',
      id: '__fake_id__',
      provider_data: { thought_signature: 'x' },
    },
  ],
  [
    'FunctionCallOutput',
    'function_call_result',
    { call_id: 'c1', output: 'sunny', type: 'function_call_output', ...completed },
  ],
  [
    'FunctionCallOutput',
    'function_call_result',
    {
      call_id: 'c1',
      output: [{ type: 'input_image', image_url: 'https://example.com/a' }],
      type: 'function_call_output',
      ...completed,
    },
  ],
  [
    'ToolSearchCall',
    'tool_search_call',
    { arguments: { q: 'x' }, type: 'tool_search_call', call_id: 'c1', execution: 'client', ...completed },
  ],
  [
    'ResponseToolSearchOutputItemParamParam',
    'tool_search_output',
    {
      tools: [{ type: 'function', name: 'f', parameters: {}, strict: true, defer_loading: true }],
      type: 'tool_search_output',
      call_id: 'c1',
      execution: 'client',
      ...completed,
    },
  ],
  ['AdditionalTools', 'unknown', { role: 'developer', tools: [], type: 'additional_tools' }],
  [
    'ResponseConfigurationUpdateItemParamParam',
    'unknown',
    { type: 'configuration_update', reasoning: { effort: 'low' } },
  ],
  [
    'ResponseReasoningItemParam',
    'reasoning',
    {
      id: 'rs_1',
      summary: [{ text: 'think', type: 'summary_text' }],
      type: 'reasoning',
      encrypted_content: 'ENC',
      content: [{ type: 'reasoning_text', text: 'x' }],
    },
  ],
  [
    'ResponseReasoningItemParam',
    'reasoning',
    { id: '__fake_id__', summary: [{ text: 'think', type: 'summary_text' }], type: 'reasoning' },
  ],
  [
    'ResponseCompactionItemParamParam',
    'compaction',
    { encrypted_content: 'ENC', type: 'compaction', id: null },
  ],
  [
    'ImageGenerationCall',
    'hosted_tool_call',
    { id: 'ig_1', result: 'aGk=', ...completed, type: 'image_generation_call' },
  ],
  [
    'ResponseCodeInterpreterToolCallParam',
    'hosted_tool_call',
    { id: 'ci_1', code: '1', container_id: 'k', outputs: [], ...completed, type: 'code_interpreter_call' },
  ],
  [
    'LocalShellCall',
    'unknown',
    {
      id: 'ls_1',
      action: { type: 'exec', command: ['ls'], env: {} },
      call_id: 'c1',
      ...completed,
      type: 'local_shell_call',
    },
  ],
  ['LocalShellCallOutput', 'unknown', { id: 'ls_2', output: 'a', type: 'local_shell_call_output' }],
  [
    'ShellCall',
    'shell_call',
    {
      action: { commands: ['ls'], timeout_ms: null, max_output_length: 5 },
      call_id: 'c1',
      type: 'shell_call',
      id: 'sh_1',
      ...completed,
      environment: { type: 'local' },
    },
  ],
  [
    'ShellCallOutput',
    'shell_call_output',
    {
      call_id: 'c1',
      output: [{ stdout: 'a', stderr: '', outcome: { type: 'exit', exit_code: 1 } }],
      type: 'shell_call_output',
      max_output_length: 5,
    },
  ],
  [
    'ApplyPatchCall',
    'apply_patch_call',
    {
      call_id: 'c1',
      operation: { type: 'update_file', path: 'a', diff: '+', move_to: 'b' },
      ...completed,
      type: 'apply_patch_call',
    },
  ],
  [
    'ApplyPatchCallOutput',
    'apply_patch_call_output',
    { call_id: 'c1', ...completed, type: 'apply_patch_call_output', output: 'ok' },
  ],
  [
    'McpListTools',
    'hosted_tool_call',
    {
      id: 'ml_1',
      server_label: 's',
      tools: [{ name: 't', input_schema: { type: 'object' } }],
      type: 'mcp_list_tools',
    },
  ],
  [
    'McpApprovalRequest',
    'hosted_tool_call',
    { id: 'ma_1', arguments: '{}', name: 'n', server_label: 's', type: 'mcp_approval_request' },
  ],
  [
    'McpApprovalResponse',
    'hosted_tool_call',
    { approval_request_id: 'ma_1', approve: false, type: 'mcp_approval_response', reason: 'no' },
  ],
  [
    'McpCall',
    'hosted_tool_call',
    {
      id: 'mc_1',
      arguments: '{}',
      name: 'n',
      server_label: 's',
      type: 'mcp_call',
      output: 'out',
      ...completed,
    },
  ],
  [
    'ResponseCustomToolCallOutputParam',
    'unknown',
    { call_id: 'c1', output: 'a', type: 'custom_tool_call_output' },
  ],
  [
    'ResponseCustomToolCallParam',
    'unknown',
    { call_id: 'c1', input: 'a', name: 'n', type: 'custom_tool_call' },
  ],
  ['CompactionTrigger', 'unknown', { type: 'compaction_trigger' }],
  ['ItemReference', 'unknown', { id: 'msg_1' }],
  ['ItemReference', 'unknown', { id: 'msg_1', type: 'item_reference' }],
  ['Program', 'program', { id: 'p_1', call_id: 'c1', code: '1', fingerprint: 'f', type: 'program' }],
  [
    'ProgramOutput',
    'program_output',
    { id: 'p_2', call_id: 'c1', result: '1', ...completed, type: 'program_output' },
  ],
];

/** Rows of every member of `ResponseInputItemParam`, which is what the Python SDK stores. */
export const ROW_CASES: readonly RowCase[] = entries.map(([member, itemType, row]) => ({
  member,
  itemType,
  row: row as Readonly<Record<string, unknown>>,
}));

/** The 33 members of `typing.get_args(openai.types.responses.ResponseInputItemParam)`, openai-python 3.54.0. */
export const INPUT_UNION: readonly string[] = [
  'EasyInputMessageParam',
  'Message',
  'ResponseOutputMessageParam',
  'ResponseFileSearchToolCallParam',
  'ResponseComputerToolCallParam',
  'ComputerCallOutput',
  'ResponseFunctionWebSearchParam',
  'ResponseFunctionToolCallParam',
  'FunctionCallOutput',
  'ToolSearchCall',
  'ResponseToolSearchOutputItemParamParam',
  'AdditionalTools',
  'ResponseConfigurationUpdateItemParamParam',
  'ResponseReasoningItemParam',
  'ResponseCompactionItemParamParam',
  'ImageGenerationCall',
  'ResponseCodeInterpreterToolCallParam',
  'LocalShellCall',
  'LocalShellCallOutput',
  'ShellCall',
  'ShellCallOutput',
  'ApplyPatchCall',
  'ApplyPatchCallOutput',
  'McpListTools',
  'McpApprovalRequest',
  'McpApprovalResponse',
  'McpCall',
  'ResponseCustomToolCallOutputParam',
  'ResponseCustomToolCallParam',
  'CompactionTrigger',
  'ItemReference',
  'Program',
  'ProgramOutput',
];
