import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { CallQueue } from './call-queue.ts';

/** A request to the model, which waits for its answer. */
export interface ModelCall {
  /** The conversation that the program handed over, in the shape of the Responses API. */
  readonly input: readonly Readonly<Record<string, unknown>>[];
  /** Streams words of the answer, and keeps the program waiting for the rest. */
  say(words: string): void;
  /** Ends with a message. Words that were streamed before have to be its beginning. */
  answer(text: string): void;
  /** Ends with calls of tools. */
  callTools(calls: readonly (readonly [name: string, args: Readonly<Record<string, unknown>>])[]): void;
  /** Refuses, so that the program gets an error that it does not repeat. */
  refuse(message: string): void;
  /** Resolves when the program has gone, or has had its answer. */
  readonly closed: Promise<void>;
}

/** Stands for OpenAI's Responses API. */
export interface ModelServer extends AsyncDisposable {
  /** What a program needs in its environment to ask this server in place of OpenAI. */
  readonly environment: Readonly<Record<string, string>>;
  /** The next request, once there is one: each is given once, in the order of their arrival. */
  nextCall(): Promise<ModelCall>;
}

/**
 * Starts a server that a program takes for OpenAI: real HTTP and real streams, with answers that come when a test says so.
 *
 * @example
 * ```ts
 * await using model = await startModelServer();
 * spawn(process.execPath, ['server.ts'], { env: { ...process.env, ...model.environment } });
 * const call = await model.nextCall();
 * call.say('Hel');
 * call.answer('Hello.');
 * ```
 */
export async function startModelServer(): Promise<ModelServer> {
  const calls = new CallQueue<ModelCall>();
  const server = createServer(async (request, response) => {
    calls.add(await callOf(request, response));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    environment: {
      OPENAI_API_KEY: 'no-key',
      OPENAI_BASE_URL: `http://127.0.0.1:${port}/v1`,
      OPENAI_AGENTS_DISABLE_TRACING: '1', // spans would go to OpenAI itself
    },
    nextCall: () => calls.next(),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

interface ResponsesRequest {
  readonly input: ModelCall['input'];
  readonly stream?: boolean;
}

async function callOf(request: IncomingMessage, response: ServerResponse): Promise<ModelCall> {
  const { input, stream = false } = (await json(request)) as ResponsesRequest;
  const id = `resp_${randomUUID()}`;
  const closed = once(response, 'close').then(() => {});
  const messageId = `msg_${randomUUID()}`;
  let said = '';
  let sequence = 0;
  const send = (type: string, fields: object) => {
    if (sequence === 0) response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(
      `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: sequence++, ...fields })}\n\n`,
    );
  };
  const say = (words: string) => {
    if (!stream || words === '') return;
    said += words;
    const place = { item_id: messageId, output_index: 0, content_index: 0, logprobs: [] };
    send('response.output_text.delta', { ...place, delta: words });
  };
  const end = (...items: readonly object[]) => {
    const whole = responseOf(id, 'completed', items);
    if (stream) {
      send('response.completed', { response: whole });
      response.end();
    } else {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(whole));
    }
  };
  if (stream) send('response.created', { response: responseOf(id, 'in_progress', []) });
  return {
    input,
    say,
    answer(text) {
      say(text.slice(said.length));
      const content = [{ type: 'output_text', text, annotations: [] }];
      end({ type: 'message', id: messageId, role: 'assistant', status: 'completed', content });
    },
    callTools(calls) {
      const items = calls.map(([name, args]) => {
        const ids = { id: `fc_${randomUUID()}`, call_id: `call_${randomUUID()}` };
        return { type: 'function_call', ...ids, name, arguments: JSON.stringify(args), status: 'completed' };
      });
      end(...items);
    },
    refuse(message) {
      const error = { message, type: 'invalid_request_error', code: null, param: null };
      if (stream) {
        send('response.failed', {
          response: { ...responseOf(id, 'failed', []), error: { code: 'server_error', message } },
        });
        response.end();
      } else {
        response.writeHead(400, { 'content-type': 'application/json' }).end(JSON.stringify({ error }));
      }
    },
    closed,
  };
}

function responseOf(id: string, status: string, output: readonly object[]): object {
  const usage = {
    input_tokens: 0,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: 0,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: 0,
  };
  return { id, object: 'response', created_at: 0, model: 'stand-in', status, output, usage, error: null };
}
