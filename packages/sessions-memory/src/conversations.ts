import type {
  ConversationFilter,
  ConversationPosition,
  ConversationQuery,
  StoredConversation,
} from '@stackone/sessions-core/backend';

/** Whether a conversation is meant by a filter. */
export function matches(
  { id, updatedAt, description }: StoredConversation,
  {
    prefix,
    withoutPrefix,
    changedAfter = -Infinity,
    changedBefore = Infinity,
    described = [],
  }: ConversationFilter,
): boolean {
  return (
    id.startsWith(prefix) &&
    (withoutPrefix === undefined || !id.startsWith(withoutPrefix)) &&
    updatedAt > changedAfter &&
    updatedAt < changedBefore &&
    described.every((text) => description?.text.includes(text))
  );
}

/** The page of all conversations that a query asks for. */
export function pageOf(all: readonly StoredConversation[], query: ConversationQuery): StoredConversation[] {
  const { by, descending, after, limit } = query;
  const sign = descending ? -1 : 1;
  return all
    .filter((one) => matches(one, query))
    .map((one) => ({ ...one, time: timeOf(one, by) }))
    .filter((one) => after === undefined || sign * compared(one, after) > 0)
    .sort((one, other) => sign * compared(one, other))
    .slice(0, limit);
}

function timeOf({ createdAt, updatedAt }: StoredConversation, by: ConversationQuery['by']): string {
  if (by === 'id') return '';
  return String(by === 'changed' ? updatedAt : createdAt);
}

function compared(one: ConversationPosition, other: ConversationPosition): number {
  const times = Number(one.time) - Number(other.time);
  return times || (one.id < other.id ? -1 : one.id > other.id ? 1 : 0);
}
