import {
  type Fields,
  isFields,
  itemCaller,
  itemId,
  present,
  providerData,
  providerDataIfAny,
  requiredRowId,
  rowCaller,
  rowId,
  without,
} from './fields.js';

export function patchCallToRow(item: Fields): Fields | undefined {
  const { callId, status, operation } = item;
  if (typeof callId !== 'string' || !isFields(operation)) return undefined;
  const { type, path, diff, moveTo } = operation;
  const moved = type === 'update_file' && moveTo !== undefined ? { move_to: moveTo } : {};
  return {
    type: 'apply_patch_call',
    ...rowId(item.id),
    call_id: callId,
    status: status ?? 'in_progress',
    operation: { ...present({ type, path, diff }), ...moved },
    ...rowCaller(item.caller),
  };
}

export function patchCallFromRow(row: Fields): Fields | undefined {
  const { call_id, status, operation, caller, ...rest } = row;
  if (!isFields(operation)) return undefined;
  const { move_to, ...others } = operation;
  return {
    type: 'apply_patch_call',
    ...itemId(row.id),
    callId: call_id,
    status: status ?? 'in_progress',
    operation: { ...others, ...present({ moveTo: move_to }) },
    ...itemCaller(caller),
    ...providerData(rest),
  };
}

export function patchResultToRow(item: Fields): Fields | undefined {
  const { callId, status, output } = item;
  if (typeof callId !== 'string') return undefined;
  return {
    type: 'apply_patch_call_output',
    ...rowId(item.id),
    call_id: callId,
    status: status ?? 'completed',
    ...present({ output }),
    ...rowCaller(item.caller),
  };
}

export function patchResultFromRow(row: Fields): Fields | undefined {
  const { call_id, status, output, caller, ...rest } = row;
  return {
    type: 'apply_patch_call_output',
    ...itemId(row.id),
    callId: call_id,
    status,
    ...present({ output }),
    ...itemCaller(caller),
    ...providerDataIfAny(rest),
  };
}

export function programToRow(item: Fields): Fields | undefined {
  const { callId, code, fingerprint } = item;
  if (typeof callId !== 'string' || typeof code !== 'string') return undefined;
  return { type: 'program', ...requiredRowId(item.id), call_id: callId, code, fingerprint };
}

export function programFromRow(row: Fields): Fields | undefined {
  const { call_id, code, fingerprint, ...rest } = row;
  return {
    type: 'program',
    ...itemId(row.id),
    callId: call_id,
    code,
    fingerprint,
    providerData: without(rest, 'type', 'id'),
  };
}

export function programResultToRow(item: Fields): Fields | undefined {
  const { callId, output, status } = item;
  if (typeof callId !== 'string' || typeof output !== 'string') return undefined;
  return { type: 'program_output', ...requiredRowId(item.id), call_id: callId, result: output, status };
}

export function programResultFromRow(row: Fields): Fields | undefined {
  const { call_id, result, status, ...rest } = row;
  return {
    type: 'program_output',
    ...itemId(row.id),
    callId: call_id,
    output: result,
    status,
    providerData: without(rest, 'type', 'id'),
  };
}
