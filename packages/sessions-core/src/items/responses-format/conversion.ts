import {
  computerCallFromRow,
  computerCallToRow,
  computerResultFromRow,
  computerResultToRow,
  shellCallFromRow,
  shellCallToRow,
  shellResultFromRow,
  shellResultToRow,
} from './computer-and-shell.js';
import { type Fields, isFields, itemId, rowId, snakeCased, without } from './fields.js';
import {
  functionCallFromRow,
  functionCallToRow,
  functionResultFromRow,
  functionResultToRow,
} from './function-calls.js';
import { HOSTED_ROW_TYPES, hostedCallFromRow, hostedCallToRow } from './hosted-tools.js';
import { messageFromRow, messageToRow } from './messages.js';
import {
  patchCallFromRow,
  patchCallToRow,
  patchResultFromRow,
  patchResultToRow,
  programFromRow,
  programResultFromRow,
  programResultToRow,
  programToRow,
} from './patches-and-programs.js';
import { compactionFromRow, compactionToRow, reasoningFromRow, reasoningToRow } from './reasoning.js';
import { isRow } from './row-shape.js';
import {
  toolSearchCallFromRow,
  toolSearchCallToRow,
  toolSearchOutputFromRow,
  toolSearchOutputToRow,
} from './tool-search.js';

/** Converts one type; `undefined` for what has no form on the other side. */
type Conversion = (value: Fields) => Fields | undefined;

/** The types of items, as the SDK 0.20 has them, with how they become rows. */
const TO_ROW: Readonly<Record<string, Conversion>> = {
  message: messageToRow,
  function_call: functionCallToRow,
  function_call_result: functionResultToRow,
  hosted_tool_call: hostedCallToRow,
  computer_call: computerCallToRow,
  computer_call_result: computerResultToRow,
  shell_call: shellCallToRow,
  shell_call_output: shellResultToRow,
  apply_patch_call: patchCallToRow,
  apply_patch_call_output: patchResultToRow,
  program: programToRow,
  program_output: programResultToRow,
  tool_search_call: toolSearchCallToRow,
  tool_search_output: toolSearchOutputToRow,
  reasoning: reasoningToRow,
  compaction: compactionToRow,
  unknown: unknownToRow,
};

/** The types of rows that items have a form for, with how they become items. */
const FROM_ROW: Readonly<Record<string, Conversion>> = {
  message: messageFromRow,
  function_call: functionCallFromRow,
  function_call_output: functionResultFromRow,
  ...Object.fromEntries(HOSTED_ROW_TYPES.map((type) => [type, hostedCallFromRow])),
  computer_call: computerCallFromRow,
  computer_call_output: computerResultFromRow,
  shell_call: shellCallFromRow,
  shell_call_output: shellResultFromRow,
  apply_patch_call: patchCallFromRow,
  apply_patch_call_output: patchResultFromRow,
  program: programFromRow,
  program_output: programResultFromRow,
  tool_search_call: toolSearchCallFromRow,
  tool_search_output: toolSearchOutputFromRow,
  reasoning: reasoningFromRow,
  compaction: compactionFromRow,
};

/** The row that says what an item says, as the SDK would send it; `undefined` where the SDK refuses to. */
export function rowOf(item: Fields): Fields | undefined {
  const type = typeOf(item);
  return Object.hasOwn(TO_ROW, type) ? TO_ROW[type]?.(item) : undefined;
}

/** The item that says what a row says. Every row has one: what items have no type for becomes `unknown`. */
export function itemOf(row: Fields): Fields {
  const type = typeOf(row);
  return (Object.hasOwn(FROM_ROW, type) ? FROM_ROW[type]?.(row) : undefined) ?? unknownFromRow(row);
}

function typeOf({ type, role }: Fields): string {
  if (typeof type === 'string') return type;
  return typeof role === 'string' ? 'message' : '';
}

/**
 * An item that the SDK does not know: its `providerData` is the row. Rows without a type are what the Python SDK stores
 * of the role `developer` and of references.
 */
function unknownToRow(item: Fields): Fields | undefined {
  if (!isFields(item.providerData)) return undefined;
  const row = { ...without(snakeCased(item.providerData) as Fields, 'id'), ...rowId(item.id) };
  return typeof item.providerData.type === 'string' || isRow(row) ? row : undefined;
}

/** Any row as an item that the SDK sends as it is. */
function unknownFromRow(row: Fields): Fields {
  return { type: 'unknown', ...itemId(row.id), providerData: row };
}
