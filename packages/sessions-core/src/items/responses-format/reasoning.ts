import {
  eachOf,
  type Fields,
  isFilled,
  isPlaceholder,
  itemId,
  present,
  providerFields,
  requiredRowId,
  rowId,
  without,
} from './fields.js';

const REASONING_FIELDS = ['encrypted_content', 'content', 'status'];

/**
 * A reasoning item as a row. It says all there is to it: nothing can be carried beside, because the Python SDK's
 * model leaves out reasoning with data of another provider. Reasoning of the Responses API has an id, and its text
 * lies in `providerData.content`; that of other models has none, and its text is `rawContent`.
 */
export function reasoningToRow(item: Fields): Fields | undefined {
  const summary = eachOf(item.content, ({ text }) =>
    typeof text === 'string' ? { type: 'summary_text', text } : undefined,
  );
  if (!summary) return undefined;
  const id = requiredRowId(item.id);
  const data = providerFields(item.providerData, REASONING_FIELDS);
  const said = isPlaceholder(id.id) ? (item.rawContent ?? data.content) : data.content;
  const content = eachOf(said, (part) =>
    typeof part.text === 'string' ? without(part, 'providerData') : undefined,
  );
  return {
    ...id,
    type: 'reasoning',
    summary,
    ...(typeof data.encrypted_content === 'string' && { encrypted_content: data.encrypted_content }),
    ...(content && { content }),
    ...(typeof data.status === 'string' && { status: data.status }),
  };
}

export function reasoningFromRow(row: Fields): Fields | undefined {
  const { summary, content, ...rest } = row;
  const isOfResponses = typeof row.id === 'string' && !isPlaceholder(row.id);
  const texts = eachOf(summary, ({ text, ...part }) =>
    typeof text === 'string'
      ? { type: 'input_text', text, ...(isOfResponses && { providerData: part }) }
      : undefined,
  );
  if (!texts) return undefined;
  if (isOfResponses) {
    const data = { ...rest, ...present({ content }) };
    return { type: 'reasoning', ...itemId(row.id), content: texts, providerData: data };
  }
  const data = present(without(rest, 'type', 'id'));
  return {
    type: 'reasoning',
    content: texts,
    ...(Array.isArray(content) && { rawContent: content }),
    ...(isFilled(data) && { providerData: data }),
  };
}

export function compactionToRow(item: Fields): Fields | undefined {
  if (typeof item.encrypted_content !== 'string') return undefined;
  return { type: 'compaction', ...rowId(item.id), encrypted_content: item.encrypted_content };
}

/** A compaction without the nulls that the SDK refuses at every later run. */
export function compactionFromRow(row: Fields): Fields | undefined {
  const { type, id, encrypted_content, created_by, ...rest } = row;
  return {
    type,
    ...itemId(id),
    encrypted_content,
    ...present({ created_by }),
    ...(isFilled(rest) && { providerData: rest }),
  };
}
