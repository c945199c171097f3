/**
 * The worker in JavaScript: an HTTP server, the OpenAI Agents SDK, and a session in the database that both workers
 * share. It listens on a free port, which it prints, and ends when its input does.
 */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { Agent, run, setTracingDisabled, tool } from '@openai/agents';
import { openSessionStore } from '@stackone/openai-agents-js-sessions';
import { z } from 'zod';
import { StandIn } from './stand-in.ts';

setTracingDisabled(true); // the conversation goes into the database, and nowhere else

const { SESSIONS_URL = 'sqlite:./shared.db', SESSIONS_KEY: key } = process.env;

// one store for all requests; what it writes, Python reads
const store = await openSessionStore(SESSIONS_URL, {
  itemFormat: 'responses',
  ...(key !== undefined && { encryption: { key } }),
});

const getWeather = tool({
  name: 'get_weather',
  description: 'The weather in a city.',
  parameters: z.object({ city: z.string() }),
  execute: ({ city }) => `Sunny in ${city}, says Node.`,
});

const agent = new Agent({ name: 'Assistant', model: new StandIn(), tools: [getWeather] });

/** `POST /conversations/{id}` with `{ text }` gives `{ answer }`, `GET` gives the items. */
async function respond(request: IncomingMessage): Promise<unknown> {
  const [, id] = /^\/conversations\/([^/?]+)$/.exec(request.url ?? '') ?? [];
  if (id === undefined) throw new Error(`nothing at ${request.url}`);
  const session = store.session(decodeURIComponent(id));
  if (request.method === 'GET') return session.getItems();
  const { text } = (await json(request)) as { text: string };
  const { finalOutput } = await run(agent, text, { session });
  return { answer: finalOutput };
}

const server = createServer(async (request, response) => {
  response.setHeader('content-type', 'application/json');
  try {
    response.end(JSON.stringify(await respond(request)));
  } catch (error) {
    console.error(error);
    response.writeHead(500).end('{"detail":"it failed: see the output of the worker"}');
  }
});

server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));

process.stdin.resume().once('end', async () => {
  server.close();
  server.closeAllConnections();
  await store.close();
});
