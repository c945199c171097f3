import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { type ModelServer, startModelServer } from '@stackone/model-server';
import { temporaryFolder, variants } from '@stackone/test-environment';
import type { ServerProcess } from '@stackone/test-environment/server-process';
import { describeEngine } from '@stackone/test-servers/vitest';
import { afterAll, beforeAll, describe, expect, onTestFinished } from 'vitest';
import { type Client, startChat } from './client.ts';

const onSqlite = (body: (url: string) => void) =>
  describe('sqlite', () => body(`sqlite:${join(temporaryFolder(), 'chat.db')}`));

const onPostgres = (body: (url: string) => void) =>
  describeEngine('postgres:18', ({ url }) => {
    describe('the application', () => body(url));
  });

/** Describes tests that run on the database for development and on the one for production. */
export function onDatabases(body: (url: string) => void): void {
  for (const on of [onPostgres, onSqlite]) on(body);
}

/** The same for tests with processes that are ended: on SQLite in the whole matrix. */
export function onDatabasesOfProcesses(body: (url: string) => void): void {
  for (const on of variants([onPostgres], [onSqlite])) on(body);
}

/** The application in processes of its own on a database, and a model that does as a test says. */
export class Stage {
  readonly model: ModelServer;
  readonly #url: string;
  readonly #started: ServerProcess[] = [];

  private constructor(url: string, model: ModelServer) {
    this.#url = url;
    this.model = model;
  }

  /** For one test: what is started ends with it. */
  static async forTest(url: string): Promise<Stage> {
    const stage = new Stage(url, await startModelServer());
    onTestFinished(() => stage.#end());
    return stage;
  }

  /** One process for all tests of a group. */
  static forGroup(
    url: string,
    environment?: Readonly<Record<string, string>>,
  ): () => { stage: Stage; chat: ServerProcess } {
    let shared: { stage: Stage; chat: ServerProcess };
    beforeAll(async () => {
      const stage = new Stage(url, await startModelServer());
      shared = { stage, chat: await stage.start(environment) };
    });
    afterAll(() => shared.stage.#end());
    return () => shared;
  }

  /** @param environment - Settings that differ. */
  async start(environment?: Readonly<Record<string, string>>): Promise<ServerProcess> {
    const chat = await startChat({
      DATABASE_URL: this.#url,
      ...this.model.environment,
      ...environment,
    });
    this.#started.push(chat);
    return chat;
  }

  /** Says something and has it answered at once. */
  async exchange(client: Client, id: string, text: string, answer: string): Promise<void> {
    const asked = await client.ask(id, 'messages', { text });
    (await this.model.nextCall()).answer(answer);
    expect((await asked.whole()).end).toEqual({ type: 'done' });
  }

  async #end(): Promise<void> {
    for (const chat of this.#started) chat.kill('SIGKILL');
    await this.model[Symbol.asyncDispose]();
  }
}

/** A user that nobody else is. */
export const someone = () => `user-${randomUUID()}`;
