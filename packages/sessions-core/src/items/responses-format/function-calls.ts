import { inputPartFromRow, outputPartToRow } from './content-parts.js';
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
  rowCaller,
  rowId,
} from './fields.js';

export function functionCallToRow(item: Fields): Fields | undefined {
  const { callId, name, arguments: args, status, namespace } = item;
  if (typeof callId !== 'string' || typeof name !== 'string' || typeof args !== 'string') return undefined;
  return {
    ...rowId(item.id),
    type: 'function_call',
    name,
    call_id: callId,
    arguments: args,
    ...present({ status }),
    ...rowCaller(item.caller),
    ...(typeof namespace === 'string' && { namespace }),
    ...providerFields(item.providerData, ['async']),
  };
}

export function functionCallFromRow(row: Fields): Fields | undefined {
  const { call_id, name, namespace, caller, status, arguments: args, ...rest } = row;
  return {
    type: 'function_call',
    ...itemId(row.id),
    callId: call_id,
    name,
    ...(typeof namespace === 'string' && { namespace }),
    ...present({ status }),
    arguments: args,
    ...itemCaller(caller),
    ...providerData(rest),
  };
}

export function functionResultToRow(item: Fields): Fields | undefined {
  const output = outputToRow(item.output);
  if (typeof item.callId !== 'string' || output === undefined) return undefined;
  return {
    type: 'function_call_output',
    ...rowId(item.id),
    call_id: item.callId,
    output,
    ...present({ status: item.status }),
    ...rowCaller(item.caller),
  };
}

/** The result of a call. Rows rarely say its name, which is then that of the call, or else its id. */
export function functionResultFromRow(row: Fields): Fields | undefined {
  const { call_id, status, output, name, function_name, namespace, caller, ...rest } = row;
  const result = typeof output === 'string' ? output : eachOf(output, inputPartFromRow);
  if (typeof call_id !== 'string' || result === undefined) return undefined;
  return {
    type: 'function_call_result',
    ...itemId(row.id),
    name: name ?? function_name ?? call_id,
    callId: call_id,
    ...(typeof namespace === 'string' && { namespace }),
    status: status ?? 'completed',
    output: result,
    ...itemCaller(caller),
    ...providerDataIfAny(rest),
  };
}

/** Whether the row of a result leaves open whose result it is. */
export function isUnnamedResult(row: Fields): boolean {
  return row.type === 'function_call_output' && (row.name ?? row.function_name ?? null) === null;
}

function outputToRow(output: unknown): unknown {
  if (typeof output === 'string') return output;
  if (Array.isArray(output)) return eachOf(output, outputPartToRow);
  if (!isFields(output)) return undefined;
  if (output.type === 'text') return typeof output.text === 'string' ? output.text : undefined;
  const part =
    output.type === 'image' ? imagePart(output) : output.type === 'file' ? filePart(output) : undefined;
  const row = part && outputPartToRow(part);
  return row && [row];
}

/** An image in the form of tools, as a part. */
function imagePart({ image, detail, mediaType }: Fields): Fields | undefined {
  const source = isFields(image)
    ? (text(image.url) ??
      inlineData(image.data, image.mediaType ?? mediaType) ??
      identified(image.fileId ?? image.id))
    : text(image);
  return source === undefined ? undefined : { type: 'input_image', image: source, detail };
}

/** A file in the form of tools, as a part. */
function filePart({ file }: Fields): Fields | undefined {
  if (!isFields(file)) return text(file) === undefined ? undefined : { type: 'input_file', file };
  const url = text(file.url);
  const source =
    inlineData(file.data, file.mediaType ?? 'text/plain') ??
    (url === undefined ? identified(file.id ?? file.fileId) : { url });
  return source === undefined ? undefined : { type: 'input_file', file: source, filename: file.filename };
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function identified(id: unknown): Fields | undefined {
  return text(id) === undefined ? undefined : { id };
}

function inlineData(data: unknown, mediaType: unknown): string | undefined {
  const given = text(data);
  if (given?.startsWith('data:')) return given;
  const base64 =
    data instanceof Uint8Array && data.length > 0
      ? Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64')
      : given;
  if (base64 === undefined) return undefined;
  return text(mediaType) === undefined ? base64 : `data:${mediaType};base64,${base64}`;
}
