// Compiled as an ES module and as CommonJS, then run, with nothing installed but the package. There is no server.
import { PostgresSessionStore, schemaSql } from '@stackone/sessions-postgres';

async function main(): Promise<void> {
  const statements = schemaSql({ schema: 'chats' });
  if (statements.length !== 16) throw new Error(`expected 16 statements, got ${statements.length}`);
  if (!statements[0]?.startsWith('CREATE SCHEMA'))
    throw new Error(`expected a schema first, got ${statements[0]}`);
  const store = new PostgresSessionStore(
    { url: 'postgres://user:secret@127.0.0.1:1/chats' },
    { maxRetries: 0, max: 1 },
  );
  const session = store.session('chat_123');
  const failure = await session.getItems().catch((error: { code?: unknown }) => error.code);
  if (failure !== 'CONNECTION_FAILED') throw new Error(`expected CONNECTION_FAILED, got ${String(failure)}`);
  await store.close();
}

void main();
