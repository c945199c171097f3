import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { Agent, run } from '@openai/agents';
import { openSessionStore } from '@stackone/openai-agents-js-sessions';

const agent = new Agent({ name: 'Assistant' });
const store = await openSessionStore(process.env.DATABASE_URL ?? 'sqlite:./sessions.db');

// POST /chat_123 with a message as the body
async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    const session = store.session(request.url ?? '/');
    const { finalOutput } = await run(agent, await text(request), { session });
    response.end(finalOutput);
  } catch (error) {
    console.error(error);
    response.writeHead(500).end();
  }
}

const underWay = new Set<Promise<void>>(); // also those whose client has gone: their turns are stored all the same
const server = createServer((request, response) => {
  const answered = answer(request, response).finally(() => underWay.delete(answered));
  underWay.add(answered);
});
server.listen(process.env.PORT ?? 3000, () => console.log('listening', server.address()));

let ending = false;

async function end(): Promise<void> {
  if (ending) return;
  ending = true;
  server.close(); // no new requests
  while (underWay.size > 0) await Promise.all(underWay);
  server.closeIdleConnections(); // those that were busy a moment ago
  await store.close(); // nothing is left to do, so the process ends by itself
}

// `on`, not `once`: the SDK ends the process at once when no listener but its own is left
process.on('SIGTERM', end);
process.on('SIGINT', end);
