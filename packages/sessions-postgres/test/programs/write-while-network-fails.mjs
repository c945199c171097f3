// Makes each call that writes while its network fails, and says what it is told. The test holds and releases it: see
// `own-network.ts` of @stackone/test-servers.
import { hold, holdBefore } from '@stackone/test-servers/held-writes';

hold('started');
const { PostgresSessionStore } = await import('@stackone/sessions-postgres');
const [before, turn] = ['before', 'turn'].map((content) => [{ type: 'message', role: 'user', content }]);
const store = await PostgresSessionStore.fromUrl(process.env.DATABASE_URL, { maxRetries: 0, timeout: 0 });
const calls = {
  addItems: [/INSERT INTO/, (session) => session.addItems(turn)],
  popItem: [/WITH locked/, (session) => session.popItem()],
  clearSession: [/WITH locked/, (session) => session.clearSession()],
};
for (const [verb, [statement, call]] of Object.entries(calls)) {
  const session = store.session(`${process.env.SESSION} ${verb}`);
  await session.addItems(before);
  holdBefore(statement, verb);
  const told = await call(session).then(
    () => ({ code: 'done' }),
    ({ code, cause }) => ({ code, cause: cause?.code }),
  );
  hold(JSON.stringify(told));
}
