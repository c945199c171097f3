import { type Fields, isFields, isFilled, present, providerFields, without } from './fields.js';

const NO_FIELDS: readonly string[] = [];
const OUTPUT_TEXT_FIELDS = ['annotations', 'logprobs'];

/** A part of what a user says, as the SDK sends it; `undefined` for audio and for files the SDK refuses. */
export function inputPartToRow(part: Fields): Fields | undefined {
  const breakpoint = part.promptCacheBreakpoint;
  const more = {
    ...(isFields(breakpoint) && { prompt_cache_breakpoint: breakpoint }),
    ...providerFields(part.providerData, NO_FIELDS),
  };
  if (part.type === 'input_text' && typeof part.text === 'string') {
    return { type: 'input_text', text: part.text, ...more };
  }
  if (part.type === 'input_image') {
    const source = imageSource(part);
    return source && { type: 'input_image', detail: part.detail ?? 'auto', ...source, ...more };
  }
  const source = part.type === 'input_file' ? fileSource(part) : undefined;
  if (!source || ('file_url' in source && isHttp(part.file))) return undefined;
  return { type: 'input_file', ...source, ...fileName(part), ...more };
}

/** A part of what a tool of the application gave, as the SDK sends it. */
export function outputPartToRow(part: Fields): Fields | undefined {
  if (part.type === 'input_text' && typeof part.text === 'string') {
    return { type: 'input_text', text: part.text };
  }
  if (part.type === 'input_image') {
    const source = imageSource(part);
    return source && { type: 'input_image', ...source, ...(Boolean(part.detail) && { detail: part.detail }) };
  }
  const source = part.type === 'input_file' ? fileSource(part) : undefined;
  return source && { type: 'input_file', ...source, ...fileName(part) };
}

function imageSource({ image, imageUrl, fileId }: Fields): Fields | undefined {
  if (typeof image === 'string') return { image_url: image };
  if (isFields(image) && typeof image.id === 'string') return { file_id: image.id };
  if (typeof imageUrl === 'string') return { image_url: imageUrl };
  return typeof fileId === 'string' ? { file_id: fileId } : undefined;
}

function fileSource({ file }: Fields): Fields | undefined {
  if (isFields(file)) {
    if (typeof file.id === 'string') return { file_id: file.id };
    return typeof file.url === 'string' ? { file_url: file.url } : undefined;
  }
  if (typeof file !== 'string') return undefined;
  const value = file.trim();
  if (/^https?:\/\//.test(value)) return { file_url: value };
  return /^(?:data:|[A-Za-z0-9+/=]+$)/.test(value) ? { file_data: value } : undefined;
}

function isHttp(file: unknown): boolean {
  return typeof file === 'string' && file.trim().startsWith('http://');
}

function fileName({ filename }: Fields): Fields {
  return typeof filename === 'string' && filename !== '' ? { filename } : {};
}

/** A part of what a user says or a tool gave, as an item has it; `undefined` for a type that items do not have. */
export function inputPartFromRow(row: Fields): Fields | undefined {
  const {
    type,
    text,
    image_url,
    file_id,
    file_url,
    file_data,
    detail,
    filename,
    prompt_cache_breakpoint,
    ...rest
  } = present(row);
  const more = {
    ...(prompt_cache_breakpoint !== undefined && { promptCacheBreakpoint: prompt_cache_breakpoint }),
    ...(isFilled(rest) && { providerData: rest }),
  };
  if (type === 'input_text') return typeof text === 'string' ? { type, text, ...more } : undefined;
  if (type === 'input_image') {
    const image = typeof image_url === 'string' ? image_url : isText(file_id) && { id: file_id };
    return image === false ? undefined : { type, image, ...(detail !== undefined && { detail }), ...more };
  }
  if (type !== 'input_file') return undefined;
  const file = isText(file_id)
    ? { id: file_id }
    : isText(file_url)
      ? { url: file_url }
      : isText(file_data) && file_data;
  return file === false ? undefined : { type, file, ...(filename !== undefined && { filename }), ...more };
}

/** A part of what a model said, as the SDK sends it; `undefined` for audio and images. */
export function assistantPartToRow(part: Fields): Fields | undefined {
  if (part.type === 'output_text' && typeof part.text === 'string') {
    const { annotations, ...others } = providerFields(part.providerData, OUTPUT_TEXT_FIELDS);
    return {
      type: 'output_text',
      text: part.text,
      annotations: Array.isArray(annotations) ? annotations : [],
      ...others,
    };
  }
  return part.type === 'refusal' && typeof part.refusal === 'string'
    ? { type: 'refusal', refusal: part.refusal }
    : undefined;
}

/** A part of what a model said, as an item has it. The short form of a message may have `input_text` here. */
export function assistantPartFromRow(row: Fields): Fields | undefined {
  const isTextPart = row.type === 'output_text' || row.type === 'input_text';
  const said = isTextPart
    ? { type: 'output_text', text: row.text }
    : { type: 'refusal', refusal: row.refusal };
  if (!isTextPart && row.type !== 'refusal') return undefined;
  if (typeof (said.text ?? said.refusal) !== 'string') return undefined;
  const rest = without(row, 'type', isTextPart ? 'text' : 'refusal');
  return { ...said, ...(isFilled(rest) && { providerData: rest }) };
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
