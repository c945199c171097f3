import { type Fields, isFields, itemId, present, rowId, without } from './fields.js';

const STATES: readonly unknown[] = ['in_progress', 'completed', 'incomplete'];

export function toolSearchCallToRow(item: Fields): Fields | undefined {
  return { type: 'tool_search_call', ...named(item), arguments: item.arguments };
}

export function toolSearchOutputToRow(item: Fields): Fields | undefined {
  if (!Array.isArray(item.tools)) return undefined;
  return { type: 'tool_search_output', ...named(item), tools: item.tools.map(toolToRow) };
}

/** What both types say besides. The provider's own words for the call come first, as in the SDK. */
function named(item: Fields): Fields {
  const data = isFields(item.providerData) ? item.providerData : {};
  const callId = [data.call_id ?? data.callId, item.call_id, item.callId].find(
    (id) => typeof id === 'string' && id !== '',
  );
  const execution = [item.execution, data.execution].find((side) => side === 'client' || side === 'server');
  return {
    ...rowId(item.id),
    ...(STATES.includes(item.status) && { status: item.status }),
    ...present({ call_id: callId, execution }),
  };
}

export function toolSearchCallFromRow(row: Fields): Fields | undefined {
  const { id, status, arguments: args, ...rest } = row;
  return {
    type: 'tool_search_call',
    ...itemId(id),
    ...present({ status }),
    arguments: args,
    providerData: present(without(rest, 'type')),
  };
}

export function toolSearchOutputFromRow(row: Fields): Fields | undefined {
  const { id, status, tools, ...rest } = row;
  if (!Array.isArray(tools)) return undefined;
  return {
    type: 'tool_search_output',
    ...itemId(id),
    ...present({ status }),
    tools: tools.map(toolFromRow),
    providerData: present(without(rest, 'type')),
  };
}

/** The names of a tool's fields in items, by those in rows. */
const TOOL_FIELDS: Readonly<Record<string, string>> = {
  defer_loading: 'deferLoading',
  allowed_callers: 'allowedCallers',
  output_schema: 'outputSchema',
};

const ROW_FIELDS = Object.fromEntries(Object.entries(TOOL_FIELDS).map(([row, item]) => [item, row]));

function toolToRow(tool: unknown): unknown {
  return renamed(tool, ROW_FIELDS, { functionName: 'function_name' });
}

function toolFromRow(tool: unknown): unknown {
  return renamed(tool, TOOL_FIELDS, { function_name: 'functionName' });
}

/** Whether a tool, or one of the tools of its namespace, is written as rows write it. */
export function isRowTool(tool: unknown): boolean {
  if (!isFields(tool)) return false;
  if (tool.type === 'namespace' && Array.isArray(tool.tools)) return tool.tools.some(isRowTool);
  if (tool.type === 'tool_reference') return 'function_name' in tool;
  return tool.type === 'function' && Object.keys(TOOL_FIELDS).some((name) => name in tool);
}

function renamed(tool: unknown, ofFunctions: Fields, ofReferences: Fields): unknown {
  if (!isFields(tool)) return tool;
  if (tool.type === 'namespace' && Array.isArray(tool.tools)) {
    return { ...tool, tools: tool.tools.map((inner) => renamed(inner, ofFunctions, ofReferences)) };
  }
  const names = tool.type === 'function' ? ofFunctions : tool.type === 'tool_reference' ? ofReferences : {};
  return Object.fromEntries(
    Object.entries(tool).map(([name, value]) => [Object.hasOwn(names, name) ? names[name] : name, value]),
  );
}
