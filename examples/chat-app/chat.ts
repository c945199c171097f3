import { randomUUID } from 'node:crypto';
import { type Agent, type AgentInputItem, type Model, RunState, user } from '@openai/agents';
import type { StoreSession } from '@stackone/sessions-core';
import { shopAgent } from './agent.ts';
import { Answers, report, type Start } from './answers.ts';
import { Approvals, type WaitingCall } from './approvals.ts';
import { ChatError } from './chat-error.ts';
import { type ConversationLine, Conversations, type Who } from './conversations.ts';
import type { AppDatabase } from './database.ts';
import { Draft } from './draft.ts';
import { type Message, messagesOf } from './history.ts';
import { RunClaims } from './run-claims.ts';

/** A conversation as the page shows it. */
export interface ConversationView extends ConversationLine {
  readonly messages: readonly Message[];
  /** How many items there are: a page that edits says what it has seen. */
  readonly seen: number;
  /** Whether an answer is on its way, in any process. */
  readonly running: boolean;
  /** The calls that wait for a person. */
  readonly approval: { readonly id: string; readonly calls: readonly WaitingCall[] } | undefined;
}

/** A conversation that is to be answered. */
interface Place {
  readonly who: Who;
  readonly id: string;
}

/** What people do with conversations. Each answer is a run of its own, which goes on when its client leaves. */
export class Chat {
  readonly #db: AppDatabase;
  readonly #model: Model | undefined;
  readonly #conversations: Conversations;
  readonly #approvals: Approvals;
  readonly #claims: RunClaims;
  readonly #answers: Answers;

  /**
   * @param lease - How long a conversation stays taken after its process was killed, in ms.
   * @param model - In place of OpenAI.
   */
  constructor(db: AppDatabase, { lease, model }: { lease: number; model: Model | undefined }) {
    this.#db = db;
    this.#model = model;
    this.#conversations = new Conversations(db);
    this.#approvals = new Approvals(db);
    this.#claims = new RunClaims(db, lease);
    this.#answers = new Answers(this.#claims, this.#approvals);
  }

  create(who: Who): Promise<string> {
    return this.#conversations.create(who);
  }

  list(who: Who): Promise<ConversationLine[]> {
    return this.#conversations.list(who);
  }

  async rename(who: Who, id: string, title: string): Promise<void> {
    if (!(await this.#conversations.rename(who, id, title))) throw notFound();
  }

  async view(who: Who, id: string): Promise<ConversationView> {
    const line = await this.#line({ who, id });
    const running = await this.#claims.isTaken(who.tenant, id); // first: who sees false sees all that was stored
    const [items, times, approval] = await Promise.all([
      this.#session({ who, id }).getItems(Infinity),
      this.#conversations.times(who, id),
      this.#approvals.find(who.tenant, id),
    ]);
    return {
      ...line,
      messages: messagesOf(items, times),
      seen: items.length,
      running,
      approval: approval && { id: approval.id, calls: approval.calls },
    };
  }

  /** Adds a message and answers it. The message is stored when this resolves, whatever becomes of the answer. */
  send(who: Who, id: string, text: string): Promise<ReadableStream<Uint8Array>> {
    return this.#answer({ who, id }, async (place) => {
      await this.#refuseWhileWaiting(place);
      const session = this.#session(place);
      await session.addItems([user(text)]);
      await this.#conversations.said(who, id, text);
      return { agent: this.#agent(who), input: [], session };
    });
  }

  /**
   * Puts another text in the place of a message of the user's and answers it. What came after the message goes when the answer is
   * whole, and stays if there is none.
   *
   * @param at - The place of the message.
   * @param seen - How many items the page has seen: what it does not know of must not go.
   */
  edit(who: Who, id: string, { at, seen, text }: { at: number; seen: number; text: string }) {
    return this.#answer({ who, id }, async (place) => {
      const items = await this.#itemsSeen(place, seen);
      if (!isOfUser(items[at]))
        throw new ChatError(400, 'bad-request', 'Only a message of yours can be edited.');
      await this.#conversations.said(who, id, text);
      const session = new Draft(this.#session(place), items, at, randomUUID());
      return { agent: this.#agent(who), input: [user(text)], session };
    });
  }

  /** Answers the newest message once more. The answer that was there stays until the new one is whole. */
  regenerate(who: Who, id: string, { seen }: { seen: number }) {
    return this.#answer({ who, id }, async (place) => {
      const items = await this.#itemsSeen(place, seen);
      const at = items.findLastIndex(isOfUser);
      if (at < 0) throw new ChatError(400, 'bad-request', 'There is nothing to answer yet.');
      const session = new Draft(this.#session(place), items, at + 1, randomUUID());
      return { agent: this.#agent(who), input: [], session };
    });
  }

  /**
   * Goes on with a run that waits for a person, in whatever process it began.
   *
   * @param approved - The calls that may be made; the others are refused.
   */
  decide(who: Who, id: string, { approval, approved }: { approval: string; approved: readonly string[] }) {
    return this.#answer({ who, id }, async (place) => {
      const waiting = await this.#approvals.find(who.tenant, id);
      if (waiting?.id !== approval) throw new ChatError(409, 'decided', 'This was decided already.');
      const agent = this.#agent(who);
      const state = await this.#stateOf(place, agent, waiting.state);
      for (const item of state.getInterruptions()) {
        const { callId } = item.rawItem as { callId: string };
        if (approved.includes(callId)) state.approve(item);
        else state.reject(item);
      }
      const items = await this.#session(place).getItems(Infinity);
      // Named after the decision: if the process dies before the approval is removed, it can be decided once more, and is stored once.
      const session = new Draft(this.#session(place), items, items.length, approval);
      return { agent, input: state, session };
    });
  }

  /** Removes a conversation. An answer on its way is ended first. */
  async remove(who: Who, id: string): Promise<void> {
    await this.#line({ who, id });
    const claim = await this.#claims.takeOver(who.tenant, id);
    try {
      await this.#session({ who, id }).clearSession();
      await this.#approvals.remove(who.tenant, id);
      await this.#conversations.remove(who, id); // last: until then it can be found, and removed again
    } finally {
      await claim.release();
    }
  }

  /** Removes everything a user has said and was told. If it fails, it can be called again. */
  async removeUser(who: Who): Promise<void> {
    for (const { id } of await this.list(who)) await this.remove(who, id);
  }

  /**
   * Begins no more answers, and waits for those under way.
   *
   * @param grace - After how many ms those that are still under way are ended. Their messages stay, without an answer.
   */
  end(grace: number): Promise<void> {
    return this.#answers.end(grace);
  }

  async #answer(place: Place, prepare: (place: Place) => Promise<Start>) {
    await this.#line(place); // who may not see a conversation cannot keep others from it
    return this.#answers.begin(place.who.tenant, place.id, async () => {
      await this.#line(place); // it may have been removed meanwhile
      return prepare(place);
    });
  }

  async #stateOf({ who, id }: Place, agent: Agent, text: string): Promise<RunState<undefined, Agent>> {
    try {
      return await RunState.fromString(agent, text);
    } catch (error) {
      // written by another version of the application, perhaps: nobody can go on with it
      report(error);
      await this.#approvals.remove(who.tenant, id);
      throw new ChatError(410, 'outdated', 'This can no longer be carried out. Ask for it again.');
    }
  }

  async #itemsSeen(place: Place, seen: number): Promise<AgentInputItem[]> {
    await this.#refuseWhileWaiting(place);
    const items = await this.#session(place).getItems(Infinity);
    if (items.length === seen) return items;
    throw new ChatError(409, 'changed', 'The conversation has gone on, perhaps in another tab.');
  }

  async #refuseWhileWaiting({ who, id }: Place): Promise<void> {
    if (await this.#approvals.find(who.tenant, id))
      throw new ChatError(409, 'approval', 'Decide first on what waits for you.');
  }

  async #line({ who, id }: Place): Promise<ConversationLine> {
    const line = await this.#conversations.find(who, id);
    if (!line) throw notFound();
    return line;
  }

  #session({ who, id }: Place): StoreSession {
    return this.#db.store.scoped(who.tenant).session(id);
  }

  #agent({ tenant }: Who): Agent {
    return shopAgent(this.#db, tenant, this.#model);
  }
}

function isOfUser(item: AgentInputItem | undefined): boolean {
  return item !== undefined && 'role' in item && item.role === 'user';
}

function notFound(): ChatError {
  return new ChatError(404, 'not-found', 'There is no such conversation.');
}
