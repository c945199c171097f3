import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { SessionPage } from '@stackone/sessions-core';
import { ServerProcess } from '@stackone/test-environment/server-process';
import type { JSONParsed } from 'hono/utils/types';
import type { ConversationView } from '../chat.ts';
import type { ChatEvent } from '../event-stream.ts';

/** How the server said no. */
export interface Refused {
  readonly status: number;
  readonly code: string;
}

/** Starts the application in a process of its own. */
export function startChat(environment: Readonly<Record<string, string>>): Promise<ServerProcess> {
  return ServerProcess.start(join(import.meta.dirname, '../main.ts'), environment);
}

/** A user with a browser. */
export class Client {
  readonly #url: string;
  readonly #headers: Readonly<Record<string, string>>;

  constructor({ url }: ServerProcess, tenant: string, user: string) {
    this.#url = url;
    this.#headers = { 'x-tenant': tenant, 'x-user': user };
  }

  async create(): Promise<string> {
    return ((await this.call('POST', 'conversations')) as { id: string }).id;
  }

  list(after = ''): Promise<JSONParsed<SessionPage>> {
    return this.call('GET', `conversations?after=${after}`) as Promise<JSONParsed<SessionPage>>;
  }

  view(id: string): Promise<JSONParsed<ConversationView>> {
    return this.call('GET', `conversations/${id}`) as Promise<JSONParsed<ConversationView>>;
  }

  /** What a page says that wants to edit the message at a place, or to have the newest one answered again. */
  async at(id: string, place = 0): Promise<{ turn: string | undefined; seen: string | undefined }> {
    const { messages, seen } = await this.view(id);
    return { turn: messages[place]?.id, seen };
  }

  /** Waits until what happens now is later than all that has happened: SQLite keeps seconds. */
  async nextSecond(): Promise<void> {
    const [latest] = (await this.list()).data;
    while (Date.now() < Date.parse(latest?.updatedAt ?? '') + 1000) await wait(20);
  }

  /** Waits until nothing is on its way in a conversation. */
  async free(id: string): Promise<void> {
    while ((await this.view(id)).running) await wait(50);
  }

  /** What was said, and by whom. */
  async said(id: string): Promise<string[]> {
    return (await this.view(id)).messages.flatMap(({ role, text, toolCalls }) => [
      ...(text ? [`${role}: ${text}`] : []),
      ...toolCalls.map((call) => `tool: ${call.name} ${call.arguments} -> ${call.output}`),
    ]);
  }

  /** @throws Refused */
  async call(method: string, path: string, body?: object): Promise<unknown> {
    const response = await this.#request(method, path, body);
    return response.status === 204 ? undefined : response.json();
  }

  /** What the server answers to something that it should refuse. */
  async refused(method: string, path: string, body?: object): Promise<Refused | 'accepted'> {
    try {
      await this.#request(method, path, body);
      return 'accepted';
    } catch (refused) {
      return refused as Refused;
    }
  }

  /**
   * Asks for an answer.
   *
   * @throws Refused
   */
  async ask(id: string, what: string, body: object, signal?: AbortSignal): Promise<Answer> {
    return new Answer(await this.#request('POST', `conversations/${id}/${what}`, body, signal));
  }

  async #request(method: string, path: string, body?: object, signal?: AbortSignal): Promise<Response> {
    const response = await fetch(`${this.#url}/api/${path}`, {
      method,
      headers: { ...this.#headers, 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
      ...(signal && { signal }),
    });
    if (response.ok) return response;
    const { code } = (await response.json()) as { code: string };
    throw { status: response.status, code } satisfies Refused;
  }
}

/** An answer that comes in. */
export class Answer {
  readonly #events: AsyncIterator<ChatEvent>;

  constructor(response: Response) {
    this.#events = eventsOf(response);
  }

  /** The next event; `undefined` after the last. */
  async next(): Promise<ChatEvent | undefined> {
    return (await this.#events.next()).value;
  }

  /** Reads it to its end: what it said, and the last event. */
  async whole(): Promise<{ text: string; end: ChatEvent | undefined }> {
    let said = '';
    let end: ChatEvent | undefined;
    for (let event = await this.next(); event; event = await this.next()) {
      if (event.type === 'text') said += event.text;
      end = event;
    }
    return { text: said, end };
  }
}

async function* eventsOf({ body }: Response): AsyncGenerator<ChatEvent, undefined> {
  let unread = '';
  for await (const words of body?.pipeThrough(new TextDecoderStream()) ?? []) {
    const events = (unread + words).split('\n\n');
    unread = events.pop() ?? '';
    for (const event of events) {
      const [, type, data = ''] = /^event: (\w+)\ndata: (.*)$/.exec(event) ?? [];
      yield { type, ...JSON.parse(data) } as ChatEvent;
    }
  }
  return undefined;
}
