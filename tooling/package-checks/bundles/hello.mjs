/**
 * Says hello in a conversation of a store, and prints what it holds then, or how it failed.
 *
 * @param {() => Promise<import('@stackone/sessions-core').SessionStore>} open
 */
export async function hello(open) {
  try {
    const store = await open();
    const session = store.session('chat_123');
    await session.clearSession();
    await session.addItems([{ type: 'message', role: 'user', content: 'Hello' }]);
    const items = await session.getItems();
    await store.close();
    console.log(JSON.stringify(items.map((item) => item.type === 'message' && item.content)));
  } catch (error) {
    console.log(JSON.stringify({ code: error.code, message: error.message }));
  }
}
