import type { JsonValue } from '../conversations/description.js';
import { encodeItems } from '../items/item-codec.js';
import { ITEM_CODECS } from '../items/responses-format/codec.js';
import type { SessionRecord } from './session-record.js';

/** The client of the package `openai`, as far as it is used here. */
export interface ConversationsClient {
  readonly conversations: {
    retrieve(id: string): PromiseLike<{ readonly created_at: number; readonly metadata: unknown }>;
    readonly items: {
      list(id: string, query: { order: 'asc'; limit: number }): AsyncIterable<object>;
    };
  };
}

/** Items of one page, the most that the API gives. */
const PAGE = 100;

/** Reads conversations of the OpenAI Conversations API, one after the other, each as a whole. */
export async function* conversationRecords(
  { conversations }: ConversationsClient,
  {
    ids,
    tenant,
    signal,
  }: { ids: Iterable<string>; tenant: string | undefined; signal: AbortSignal | undefined },
): AsyncGenerator<SessionRecord> {
  // reads items of the API too, as the Python SDK stores those
  const codec = ITEM_CODECS['agents-js'];
  for (const id of ids) {
    signal?.throwIfAborted();
    const { created_at: seconds, metadata } = await conversations.retrieve(id);
    const createdAt = new Date(seconds * 1000);
    const items: SessionRecord['items'][number]['item'][] = [];
    for await (const item of conversations.items.list(id, { order: 'asc', limit: PAGE }))
      for (const text of encodeItems([item as never])) items.push(codec.decode(text));
    codec.afterRead?.(items);
    const described = (metadata ?? {}) as Readonly<Record<string, JsonValue>>;
    yield {
      id,
      ...(tenant !== undefined && { tenant }),
      createdAt,
      updatedAt: createdAt,
      metadata: described,
      version: Object.keys(described).length > 0 ? 1 : 0,
      items: items.map((item) => ({ item, createdAt })),
    };
  }
}
