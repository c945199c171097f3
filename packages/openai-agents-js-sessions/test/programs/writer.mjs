// Writes to conversations of its own and of others until it is told to end: turns, new conversations, changes, removals.
import { openSessionStore } from '@stackone/openai-agents-js-sessions';

const [, , url, name] = process.argv;
const store = await openSessionStore(url);
let isOver = false;
process.once('message', () => {
  isOver = true;
});
process.send('began');
for (let n = 0; !isOver; n++) {
  const session = store.session(n % 3 === 0 ? `${name}_${n}` : `chat_${n % 20}`);
  await session.addItems([
    { role: 'user', content: `${name} ${n}` },
    { role: 'user', content: 'and more' },
  ]);
  if (n % 5 === 1) await session.popItem();
  if (n % 7 === 2) await store.sessions.update(session.sessionId, { title: `${name} ${n}` });
  if (n % 9 === 3) await store.sessions.delete({ ids: [`${name}_${n - 3}`], refuseFor: 0 });
  if (n % 11 === 4) await session.clearSession();
}
await store.close();
process.disconnect();
