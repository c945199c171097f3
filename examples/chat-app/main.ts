import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { serve } from '@hono/node-server';
import { setTracingDisabled } from '@openai/agents';
import { Chat } from './chat.ts';
import { openDatabase } from './database.ts';
import { OfflineModel } from './offline-model.ts';
import { routes } from './routes.ts';

const {
  DATABASE_URL,
  OPENAI_API_KEY,
  PORT = '3000',
  RUN_LEASE_MS = '15000',
  SHUTDOWN_MS = '20000',
} = process.env;

/** An ignored folder of the project. */
const FOLDER = resolve(import.meta.dirname, '../../.data');

setTracingDisabled(true); // the conversation goes to the model and into the database, and nowhere else
if (!DATABASE_URL) mkdirSync(FOLDER, { recursive: true });
const db = await openDatabase(DATABASE_URL || `sqlite:${join(FOLDER, 'chat-app.db')}`);
const chat = new Chat(db, {
  lease: Number(RUN_LEASE_MS),
  model: OPENAI_API_KEY ? undefined : new OfflineModel(),
});

const server = serve({ fetch: routes(chat).fetch, port: Number(PORT) }, ({ port }) => {
  console.log(`Open http://localhost:${port} (${OPENAI_API_KEY ? 'OpenAI' : 'an offline stand-in'} answers)`);
});

let ending = false;

async function end(): Promise<void> {
  if (ending) return;
  ending = true;
  const closed = new Promise((resolve) => server.close(resolve)); // no new connections
  await chat.end(Number(SHUTDOWN_MS));
  await Promise.race([closed, wait(1000, undefined, { ref: false })]); // what was said last is on its way
  if ('closeAllConnections' in server) server.closeAllConnections();
  await db.close(); // nothing is left to do, so the process ends by itself
}

// `on`, not `once`: the SDK ends the process at once when no listener but its own is left
process.on('SIGTERM', end);
process.on('SIGINT', end);
