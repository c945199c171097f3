import { mkdirSync } from 'node:fs';
import { type AgentInputItem, run } from '@openai/agents';
import { openSessionStore, parseStoreUrl, type SessionStore } from '@stackone/openai-agents-js-sessions';
import { serveStudio } from '@stackone/sessions-studio';
import color from 'picocolors';
import type { Assistant } from './agent.ts';
import { command, DEFAULT_URL, FOLDER, type Settings } from './settings.ts';

/** One conversation in its store, as the chat shows it. */
export class Conversation {
  readonly #store: SessionStore;
  readonly #settings: Settings;

  constructor(store: SessionStore, settings: Settings) {
    this.#store = store;
    this.#settings = settings;
  }

  /** @throws SessionError as `openSessionStore` does, TypeError for a bad session id. */
  static async open(settings: Settings): Promise<Conversation> {
    if (settings.url === DEFAULT_URL) mkdirSync(FOLDER, { recursive: true });
    return new Conversation(await openSessionStore(settings.url), settings);
  }

  /** Whether another process can go on with it. */
  get outlivesProcess(): boolean {
    return this.#store.supports.durable;
  }

  /** Everything said so far. */
  items(): Promise<AgentInputItem[]> {
    return this.#session().getItems();
  }

  /** Sends a message and prints the answer while it comes in. The SDK reads and writes the session by itself. */
  async say({ agent }: Assistant, text: string, signal?: AbortSignal): Promise<void> {
    process.stdout.write(color.green('agent  '));
    const session = this.#session();
    const answer = await run(agent, text, { session, stream: true, ...(signal && { signal }) });
    for await (const words of answer.toTextStream()) process.stdout.write(words);
    await answer.completed; // the turn is stored now
    process.stdout.write('\n');
  }

  /** Says whether there is something to go on with. */
  async greet(): Promise<void> {
    const { length } = await this.items();
    const name = color.bold(this.#settings.session);
    console.log(
      length === 0 ? `A new conversation: ${name}.` : `Going on with ${name}: it remembers ${items(length)}.`,
    );
  }

  /** Says where the conversation lies, and how to look at it. */
  async part(): Promise<void> {
    const { length } = await this.items();
    if (length === 0) {
      console.log('\nNothing was said.');
      return;
    }
    if (!this.outlivesProcess) {
      console.log(
        `\nThe ${items(length)} of this conversation were kept in memory only, and end with this process.`,
      );
      return;
    }
    const { url, session } = this.#settings;
    const sql = `SELECT id, message_data FROM agent_messages WHERE session_id = '${session.replaceAll("'", "''")}' ORDER BY id;`;
    console.log(`
This conversation (${items(length)}) is kept as session ${color.bold(session)} in ${color.bold(String(parseStoreUrl(url)))}
  look at them:  ${command(this.#settings, '--history')}
  in a browser:  ${command(this.#settings, '--studio')}
  with SQL:      ${sql}
  go on:         ${command(this.#settings)}`);
  }

  /** Serves a page that shows it, until somebody ends the process with Ctrl+C. */
  async show(): Promise<void> {
    const studio = await serveStudio(this.#store, { open: this.#settings.session });
    console.log(`${studio.url}\nOpen this address in a browser; Ctrl+C ends it.`);
    // `on`, not `once`: the SDK ends the process when no listener but its own is left
    await new Promise((resolve) => process.on('SIGINT', resolve));
    await studio.close();
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  #session() {
    return this.#store.session(this.#settings.session);
  }
}

function items(count: number): string {
  return count === 1 ? '1 item' : `${count} items`;
}
