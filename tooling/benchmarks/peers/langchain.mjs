import { PostgresChatMessageHistory } from '@langchain/community/stores/message/postgres';
import { AIMessage, HumanMessage } from '@langchain/core/messages';
import pg from 'pg';

/** Each item is the content of a message. */
export async function open(url) {
  const pool = new pg.Pool({ connectionString: url, max: 10 });
  const history = (sessionId) => new PostgresChatMessageHistory({ sessionId, pool });
  await history('first').getMessages(); // makes the table
  return {
    append: (conversation, items) =>
      history(conversation).addMessages(
        items.map((item) => {
          const content = JSON.stringify(item);
          return item.role === 'user' ? new HumanMessage(content) : new AIMessage(content);
        }),
      ),
    async newest(conversation, count) {
      const messages = await history(conversation).getMessages();
      return messages.slice(-count).map(({ content }) => JSON.parse(content));
    },
    handle: history,
    close: () => pool.end(),
  };
}
