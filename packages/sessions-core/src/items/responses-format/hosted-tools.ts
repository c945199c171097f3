import {
  type Fields,
  isFields,
  isPlaceholder,
  itemCaller,
  itemId,
  present,
  providerFields,
  requiredRowId,
  rowCaller,
  without,
} from './fields.js';

/** What a type of hosted calls says in rows. */
interface HostedKind {
  /** The fields of `providerData` that the provider knows, besides type and id. */
  readonly fields: readonly string[];
  /** The states that the SDK accepts; absent where rows have none. */
  readonly states?: readonly string[];
  /** The field that holds the item's `output`. */
  readonly output?: string;
  /** What the SDK says where `providerData` says nothing. */
  readonly defaults?: (providerData: Fields) => Fields;
  /** Whether rows say who made the call. */
  readonly hasCaller?: true;
}

const IN_PROGRESS = ['in_progress', 'completed'];

const KINDS: Readonly<Record<string, HostedKind>> = {
  web_search_call: { fields: ['action'], states: [...IN_PROGRESS, 'searching', 'failed'] },
  file_search_call: {
    fields: ['queries', 'results'],
    states: [...IN_PROGRESS, 'searching', 'failed', 'incomplete'],
    defaults: () => ({ queries: [] }),
  },
  code_interpreter_call: {
    fields: ['code', 'outputs', 'container_id'],
    states: [...IN_PROGRESS, 'interpreting'],
    defaults: ({ results }) => ({ code: '', outputs: results ?? [] }),
    hasCaller: true,
  },
  image_generation_call: {
    fields: ['result', 'action', 'background', 'error', 'output_format', 'quality', 'revised_prompt', 'size'],
    states: [...IN_PROGRESS, 'generating', 'failed'],
    output: 'result',
    defaults: () => ({ result: null }),
  },
  mcp_list_tools: { fields: ['server_label', 'tools', 'error'], hasCaller: true },
  mcp_approval_request: { fields: ['name', 'arguments', 'server_label'], hasCaller: true },
  mcp_approval_response: { fields: ['approve', 'approval_request_id', 'reason'], hasCaller: true },
  mcp_call: {
    fields: ['name', 'arguments', 'server_label', 'output', 'error', 'approval_request_id', 'status'],
    output: 'output',
    hasCaller: true,
  },
};

/** The types of rows that hosted calls become. */
export const HOSTED_ROW_TYPES = Object.keys(KINDS);

/**
 * A call of a hosted tool as a row. The SDK leaves out what an image generation or an MCP call gave; the row has it.
 * `undefined` for a tool, a state or an action that the SDK refuses.
 */
export function hostedCallToRow(item: Fields): Fields | undefined {
  const data = isFields(item.providerData) ? item.providerData : {};
  const type = rowType(data.type, item.name);
  const kind = type === undefined ? undefined : KINDS[type];
  if (!kind) return undefined;
  const status = item.status ?? 'failed';
  if (kind.states && !kind.states.includes(status as string)) return undefined;
  const fields = { ...kind.defaults?.(data), ...providerFields(data, kind.fields) };
  if (type === 'web_search_call' && !isAction(fields.action)) return undefined;
  const row = {
    ...(type === 'mcp_approval_response' ? present({ id: data.id }) : requiredRowId(idOf(type, data, item))),
    type,
    ...fields,
    ...(kind.states && { status }),
    ...(kind.hasCaller && rowCaller(item.caller)),
  };
  if (kind.output === undefined || typeof item.output !== 'string') return row;
  return { ...row, [kind.output]: item.output };
}

/** The type of the row: `providerData` says it, in older items without its end; MCP kinds are known by name too. */
function rowType(type: unknown, name: unknown): string | undefined {
  if (isHosted(type)) return type;
  const whole = typeof type === 'string' ? `${type}_call` : undefined;
  if (isHosted(whole)) return whole;
  return isHosted(name) && name.startsWith('mcp_') ? name : undefined;
}

function isHosted(type: unknown): type is string {
  return typeof type === 'string' && Object.hasOwn(KINDS, type);
}

function idOf(type: string | undefined, data: Fields, item: Fields): unknown {
  return type === 'mcp_approval_request' || type === 'mcp_call' ? (data.id ?? item.id) : item.id;
}

function isAction(action: unknown): boolean {
  return action === undefined || (isFields(action) && typeof action.type === 'string');
}

/** A row of a hosted tool as an item: what it says lies in `providerData`, what it gave in `output`. */
export function hostedCallFromRow(row: Fields): Fields | undefined {
  const type = row.type as string;
  const kind = KINDS[type];
  if (!kind) return undefined;
  const caller = itemCaller(row.caller);
  const given = kind.output === undefined ? undefined : row[kind.output];
  const output = typeof given === 'string' ? { output: given } : {};
  const taken = [
    ...(kind.states ? ['status'] : []),
    ...Object.keys(caller),
    ...(isPlaceholder(row.id) ? ['id'] : []),
    ...(kind.output !== undefined && 'output' in output ? [kind.output] : []),
  ];
  return {
    type: 'hosted_tool_call',
    ...itemId(row.id),
    name: type,
    ...(kind.states ? present({ status: row.status }) : { status: 'completed' }),
    ...output,
    ...caller,
    providerData: without(row, ...taken),
  };
}
