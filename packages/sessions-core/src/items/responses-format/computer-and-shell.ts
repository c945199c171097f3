import {
  eachOf,
  type Fields,
  isFields,
  itemCaller,
  itemId,
  present,
  providerData,
  providerDataIfAny,
  providerFields,
  requiredRowId,
  rowCaller,
  rowId,
} from './fields.js';

/** Without an empty list of safety checks, which the API refuses when it gets it back. */
export function computerCallToRow(item: Fields): Fields | undefined {
  const { callId, status, action, actions } = item;
  const batch = Array.isArray(actions) && actions.length > 0 ? actions : undefined;
  if (typeof callId !== 'string' || typeof status !== 'string' || !(action ?? batch)) return undefined;
  return {
    type: 'computer_call',
    call_id: callId,
    ...requiredRowId(item.id),
    status,
    ...checks(item.providerData, 'pending_safety_checks'),
    action: action ?? batch?.[0],
    ...(batch && { actions: batch }),
  };
}

export function computerCallFromRow(row: Fields): Fields | undefined {
  const { call_id, status, action, actions, ...rest } = row;
  const batch = Array.isArray(actions) && actions.length > 0 ? actions : undefined;
  if (!(action ?? batch)) return undefined;
  return {
    type: 'computer_call',
    ...itemId(row.id),
    callId: call_id,
    status,
    action: action ?? batch?.[0],
    ...(batch && { actions: batch }),
    ...providerData(rest),
  };
}

export function computerResultToRow(item: Fields): Fields | undefined {
  const { callId, output } = item;
  if (typeof callId !== 'string' || !isFields(output) || typeof output.data !== 'string') return undefined;
  return {
    type: 'computer_call_output',
    ...rowId(item.id),
    call_id: callId,
    output: { type: 'computer_screenshot', image_url: output.data },
    ...providerFields(item.providerData, ['status']),
    ...checks(item.providerData, 'acknowledged_safety_checks'),
  };
}

export function computerResultFromRow(row: Fields): Fields | undefined {
  const { call_id, output, ...rest } = row;
  if (!isFields(output) || typeof output.image_url !== 'string') return undefined;
  return {
    type: 'computer_call_result',
    ...itemId(row.id),
    callId: call_id,
    output: { type: 'computer_screenshot', data: output.image_url },
    ...providerDataIfAny(present(rest)),
  };
}

function checks(providerData: unknown, name: string): Fields {
  const list = providerFields(providerData, [name])[name];
  return Array.isArray(list) && list.length > 0 ? { [name]: list } : {};
}

export function shellCallToRow(item: Fields): Fields | undefined {
  const { callId, action, status } = item;
  if (typeof callId !== 'string' || !isFields(action) || !Array.isArray(action.commands)) return undefined;
  const { environment } = providerFields(item.providerData, ['environment']);
  return {
    type: 'shell_call',
    ...rowId(item.id),
    call_id: callId,
    status: status ?? 'in_progress',
    action: {
      commands: action.commands,
      timeout_ms: numberOrNull(action.timeoutMs),
      max_output_length: numberOrNull(action.maxOutputLength),
    },
    ...rowCaller(item.caller),
    ...(isFields(environment) && { environment }),
  };
}

export function shellCallFromRow(row: Fields): Fields | undefined {
  const { call_id, status, action, caller, ...rest } = row;
  if (!isFields(action)) return undefined;
  return {
    type: 'shell_call',
    ...itemId(row.id),
    callId: call_id,
    status: status ?? 'in_progress',
    action: {
      commands: Array.isArray(action.commands) ? action.commands : [],
      ...present({ timeoutMs: action.timeout_ms, maxOutputLength: action.max_output_length }),
    },
    ...itemCaller(caller),
    ...providerData(rest),
  };
}

export function shellResultToRow(item: Fields): Fields | undefined {
  const { callId, status, maxOutputLength } = item;
  const output = eachOf(item.output, ({ stdout, stderr, outcome }) => {
    if (typeof stdout !== 'string' || typeof stderr !== 'string' || !isFields(outcome)) return undefined;
    if (outcome.type !== 'timeout' && outcome.type !== 'exit') return undefined;
    const ended =
      outcome.type === 'timeout'
        ? { type: 'timeout' }
        : { type: 'exit', exit_code: numberOrNull(outcome.exitCode) ?? 0 };
    return { stdout, stderr, outcome: ended };
  });
  if (typeof callId !== 'string' || !output) return undefined;
  return {
    type: 'shell_call_output',
    call_id: callId,
    output,
    ...rowId(item.id),
    ...present({ status }),
    ...rowCaller(item.caller),
    ...(typeof maxOutputLength === 'number' && { max_output_length: maxOutputLength }),
  };
}

export function shellResultFromRow(row: Fields): Fields | undefined {
  const { call_id, output, max_output_length, status, caller, ...rest } = row;
  const results = eachOf(output, ({ stdout, stderr, outcome }) => {
    const ended = isFields(outcome) ? outcome : {};
    return {
      stdout: typeof stdout === 'string' ? stdout : '',
      stderr: typeof stderr === 'string' ? stderr : '',
      outcome:
        ended.type === 'timeout'
          ? { type: 'timeout' }
          : { type: 'exit', exitCode: numberOrNull(ended.exit_code) },
    };
  });
  return (
    results && {
      type: 'shell_call_output',
      ...itemId(row.id),
      callId: call_id,
      output: results,
      ...present({ status }),
      ...itemCaller(caller),
      ...providerDataIfAny(rest),
      ...present({ maxOutputLength: max_output_length }),
    }
  );
}

function numberOrNull(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}
