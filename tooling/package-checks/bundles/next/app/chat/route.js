import { DrizzleSession } from '@stackone/openai-agents-js-sessions';

/** Sessions with the same URL share one pool, also after the dev server has loaded this module again. */
export async function POST(request) {
  const { url, text } = await request.json();
  try {
    const session = await DrizzleSession.fromUrl('chat_123', url, { max: 2 });
    await session.addItems([{ type: 'message', role: 'user', content: text }]);
    const items = await session.getItems();
    return Response.json(items.map(({ content }) => content));
  } catch ({ code, message }) {
    return Response.json({ code, message }, { status: 500 });
  }
}
