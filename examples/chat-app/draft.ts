import type { AgentInputItem, Session } from '@openai/agents';

/**
 * A conversation for one run, whose turn is stored when it is whole. The agent sees what is kept; what it adds is held here until
 * {@link commit}. Until then, and if the run fails, the conversation is as it was.
 */
export class Draft implements Session {
  readonly #session: Session;
  readonly #items: AgentInputItem[];
  readonly #kept: number;
  readonly #store: (added: AgentInputItem[]) => Promise<void>;

  /**
   * @param kept - What the agent sees of the conversation.
   * @param store - Stores what the agent has added.
   */
  constructor(
    session: Session,
    kept: readonly AgentInputItem[],
    store: (added: AgentInputItem[]) => Promise<void>,
  ) {
    this.#session = session;
    this.#items = [...kept];
    this.#kept = kept.length;
    this.#store = store;
  }

  commit(): Promise<void> {
    return this.#store(this.#items.slice(this.#kept));
  }

  getSessionId(): Promise<string> {
    return this.#session.getSessionId();
  }

  async getItems(limit = Infinity): Promise<AgentInputItem[]> {
    return structuredClone(limit > 0 ? this.#items.slice(-limit) : []);
  }

  async addItems(items: AgentInputItem[]): Promise<void> {
    this.#items.push(...structuredClone(items));
  }

  async popItem(): Promise<AgentInputItem | undefined> {
    return this.#items.length > this.#kept ? this.#items.pop() : undefined;
  }

  async clearSession(): Promise<void> {
    this.#items.length = this.#kept;
  }
}
