import {
  assistantPartFromRow,
  assistantPartToRow,
  inputPartFromRow,
  inputPartToRow,
} from './content-parts.js';
import {
  eachOf,
  type Fields,
  isFields,
  itemId,
  present,
  providerData,
  requiredRowId,
  rowId,
} from './fields.js';

/** A message as a row. The type is said where the item says it, although the SDK leaves it out for most roles. */
export function messageToRow(item: Fields): Fields | undefined {
  if (item.role === 'assistant') return assistantToRow(item);
  const content = item.role === 'user' ? eachOf(item.content, inputPartToRow) : undefined;
  if (content === undefined && typeof item.content !== 'string') return undefined;
  return present({ type: item.type, ...rowId(item.id), role: item.role, content: content ?? item.content });
}

function assistantToRow(item: Fields): Fields | undefined {
  const content = eachOf(item.content, assistantPartToRow);
  const phase = item.phase ?? (isFields(item.providerData) ? item.providerData.phase : undefined);
  const isPhase = phase === undefined || phase === 'commentary' || phase === 'final_answer';
  if (!content || !isPhase) return undefined;
  return {
    ...requiredRowId(item.id),
    type: 'message',
    role: 'assistant',
    content,
    status: typeof item.status === 'string' ? item.status : 'completed',
    ...(phase !== undefined && { phase }),
  };
}

/** A message of a row as an item; `undefined` for one that items cannot say, like the role `developer`. */
export function messageFromRow(row: Fields): Fields | undefined {
  const { id, type, role, content, status, phase, ...rest } = row;
  if (role === 'assistant') {
    const said =
      typeof content === 'string'
        ? [{ type: 'output_text', text: content }]
        : eachOf(content, assistantPartFromRow);
    const phases = phase === 'commentary' || phase === 'final_answer' ? { phase } : {};
    return (
      said && {
        ...itemId(id),
        type: 'message',
        role,
        content: said,
        status: status ?? 'completed',
        ...phases,
        ...providerData({ ...rest, ...phases }),
      }
    );
  }
  const said = typeof content === 'string' ? content : eachOf(content, inputPartFromRow);
  if (said === undefined || (role !== 'user' && role !== 'system')) return undefined;
  const message = { ...itemId(id), type: 'message', role };
  if (role === 'user' || typeof said === 'string') return { ...message, content: said };
  const texts = said.map(({ text }) => text);
  return texts.every((text) => typeof text === 'string')
    ? { ...message, content: texts.join('\n') }
    : undefined;
}
