import { type ChatMessage, type StoreSession, toMessages } from '@stackone/sessions-core';

/** A part of a conversation as the page shows it. */
export interface MessagePage {
  readonly messages: readonly ChatMessage[];
  /** The newest item of them: a page that edits says what it has seen. */
  readonly seen: string | undefined;
  /** Whether there are older ones. */
  readonly hasMore: boolean;
}

/** @param before - A turn; without it the newest messages. */
export async function messagePage(session: StoreSession, before?: string): Promise<MessagePage> {
  const { data, hasMore } = await session.turns({ before, limit: 10 });
  const items = data.flatMap((turn) => turn.items);
  return { messages: toMessages(items), seen: items.at(-1)?.id, hasMore };
}
