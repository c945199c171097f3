import { type Fields, isFields, isPlaceholder } from './fields.js';
import { HOSTED_ROW_TYPES } from './hosted-tools.js';
import { isRowTool } from './tool-search.js';

/** Types that only rows have. */
const ROW_TYPES: ReadonlySet<unknown> = new Set([
  ...HOSTED_ROW_TYPES,
  'function_call_output',
  'computer_call_output',
  'custom_tool_call',
  'custom_tool_call_output',
  'local_shell_call',
  'local_shell_call_output',
  'item_reference',
  'additional_tools',
  'configuration_update',
  'compaction_trigger',
]);

/** Types that both shapes have, whose call is named in two ways. */
const CALL_TYPES: ReadonlySet<unknown> = new Set([
  'function_call',
  'computer_call',
  'shell_call',
  'shell_call_output',
  'apply_patch_call',
  'apply_patch_call_output',
  'program',
  'program_output',
]);

/** Fields of the parts of messages that only rows have. */
const ROW_PART_FIELDS = [
  'annotations',
  'logprobs',
  'image_url',
  'file_id',
  'file_data',
  'file_url',
  'prompt_cache_breakpoint',
];

/**
 * Whether a stored object has the shape of the Responses API and not that of this SDK. What means the same in both,
 * like a message of plain text, counts as the SDK's.
 */
export function isRow(value: Fields): boolean {
  if (ROW_TYPES.has(value.type)) return true;
  if ('providerData' in value || 'callId' in value) return false;
  if (isPlaceholder(value.id)) return true;
  if (CALL_TYPES.has(value.type)) return 'call_id' in value;
  switch (value.type) {
    case 'reasoning':
      return 'summary' in value;
    case 'tool_search_output':
      return Array.isArray(value.tools) && value.tools.some(isRowTool);
    case 'compaction':
      return value.id === null || value.created_by === null;
    case 'message':
      return isRowMessage(value);
    default:
      return (value.type ?? null) === null && (isReference(value) || isRowMessage(value));
  }
}

function isRowMessage({ role, content }: Fields): boolean {
  if (role === 'developer') return true;
  if (role === 'assistant' && typeof content === 'string') return true;
  if (!Array.isArray(content)) return false;
  if (role === 'system') return true;
  return content.some(
    (part) =>
      isFields(part) &&
      !('providerData' in part) &&
      (ROW_PART_FIELDS.some((name) => name in part) || (role === 'assistant' && part.type === 'input_text')),
  );
}

/** A reference to an item that the API keeps may leave its type out. */
function isReference({ id, type: _type, ...others }: Fields): boolean {
  return typeof id === 'string' && Object.keys(others).length === 0;
}
