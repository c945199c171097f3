import { randomUUID } from 'node:crypto';
import { type Agent, type AgentInputItem, type Model, RunState, user } from '@openai/agents';
import type { SessionInfo, SessionPage, StoreSession, Turn } from '@stackone/sessions-core';
import { shopAgent } from './agent.ts';
import { Answers, report, type Start } from './answers.ts';
import { Approvals, type WaitingCall } from './approvals.ts';
import { ChatError } from './chat-error.ts';
import { Conversations, type Who } from './conversations.ts';
import type { AppDatabase } from './database.ts';
import { Draft } from './draft.ts';
import { type MessagePage, messagePage } from './history.ts';
import { RunClaims } from './run-claims.ts';

/** A conversation as the page shows it. */
export interface ConversationView extends SessionInfo, MessagePage {
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
    this.#conversations = new Conversations(db.store);
    this.#approvals = new Approvals(db);
    this.#claims = new RunClaims(db, lease);
    this.#answers = new Answers(this.#claims, this.#approvals);
  }

  create(who: Who): Promise<string> {
    return this.#conversations.create(who);
  }

  /** @param after - `nextCursor` of the page before. */
  list(who: Who, after?: string): Promise<SessionPage> {
    return this.#conversations.list(who, after);
  }

  async rename(who: Who, id: string, title: string): Promise<void> {
    if (!(await this.#conversations.rename(who, id, title))) throw notFound();
  }

  /** A conversation with its newest messages. */
  async view(who: Who, id: string): Promise<ConversationView> {
    const found = await this.#found({ who, id });
    const running = await this.#claims.isTaken(who.tenant, id); // first: who sees false sees all that was stored
    const [page, approval] = await Promise.all([
      messagePage(this.#session({ who, id })),
      this.#approvals.find(who.tenant, id),
    ]);
    return { ...found, ...page, running, approval: approval && { id: approval.id, calls: approval.calls } };
  }

  /** @param before - The turn of the oldest message that is shown. Default: the newest messages. */
  async messages(who: Who, id: string, before?: string): Promise<MessagePage> {
    await this.#found({ who, id });
    return messagePage(this.#session({ who, id }), before);
  }

  /** Adds a message and answers it. The message is stored when this resolves, whatever becomes of the answer. */
  send(who: Who, id: string, text: string): Promise<ReadableStream<Uint8Array>> {
    return this.#answer({ who, id }, async (place, found) => {
      await this.#refuseWhileWaiting(place);
      const session = this.#session(place);
      await session.addItems([user(text)]);
      await this.#conversations.said(who, found, text);
      return { agent: this.#agent(who), input: [], session };
    });
  }

  /**
   * Puts another text in the place of a message of the user's and answers it. What came after the message goes when the answer is
   * whole, and stays if there is none.
   *
   * @param turn - The turn that the message begins.
   * @param seen - The newest item that the page has seen: what it does not know of must not go.
   */
  edit(who: Who, id: string, { turn, seen, text }: { turn: string; seen: string; text: string }) {
    return this.#answer({ who, id }, async (place) => {
      const { session } = await this.#seen(place, seen);
      const items: AgentInputItem[] = [];
      let at = -1;
      for await (const entry of session.items()) {
        if (entry.id === turn && entry.turn === turn) at = items.length;
        items.push(entry.item);
      }
      if (at < 0) throw new ChatError(400, 'bad-request', 'Only a message of yours can be edited.');
      const draft = new Draft(session, items.slice(0, at), (replacement) =>
        session.applyHistoryTransaction({
          operationId: randomUUID(),
          transaction: { type: 'replace_suffix', expectedSuffix: items.slice(at), replacement },
        }),
      );
      return { agent: this.#agent(who), input: [user(text)], session: draft };
    });
  }

  /** Answers the newest message once more. The answer that was there stays until the new one is whole. */
  regenerate(who: Who, id: string, { seen }: { seen: string }) {
    return this.#answer({ who, id }, async (place) => {
      const { session, turn } = await this.#seen(place, seen);
      const items = await session.getItems(Infinity);
      const kept = items.slice(0, items.length - turn.items.length + 1); // with the message
      const draft = new Draft(session, kept, (answer) => session.replaceTurn(turn, [turn.input, ...answer]));
      return { agent: this.#agent(who), input: [], session: draft };
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
      const session = this.#session(place);
      // Named after the decision: if the process dies before the approval is removed, it can be decided once more, and is stored once.
      const draft = new Draft(session, await session.getItems(Infinity), (rest) =>
        session.addItems(rest, undefined, { operationId: approval }),
      );
      return { agent, input: state, session: draft };
    });
  }

  /** Removes a conversation. An answer on its way is ended first. */
  async remove(who: Who, id: string): Promise<void> {
    await this.#found({ who, id });
    await this.#remove(who, id);
  }

  /** Removes everything a user has said and was told. If it fails, it can be called again. */
  async removeUser(who: Who): Promise<void> {
    for await (const { id } of this.#conversations.all(who)) await this.#remove(who, id);
  }

  /**
   * Begins no more answers, and waits for those under way.
   *
   * @param grace - After how many ms those that are still under way are ended. Their messages stay, without an answer.
   */
  end(grace: number): Promise<void> {
    return this.#answers.end(grace);
  }

  async #remove(who: Who, id: string): Promise<void> {
    const claim = await this.#claims.takeOver(who.tenant, id);
    try {
      await this.#approvals.remove(who.tenant, id);
      await this.#conversations.remove(who, id); // last: until then it can be found, and removed again
    } finally {
      await claim.release();
    }
  }

  async #answer(place: Place, prepare: (place: Place, found: SessionInfo) => Promise<Start>) {
    await this.#found(place); // who may not see a conversation cannot keep others from it
    return this.#answers.begin(place.who.tenant, place.id, async () => {
      return prepare(place, await this.#found(place)); // it may have been removed meanwhile
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

  /**
   * The newest turn, if nothing came after the item that a page has seen last.
   *
   * @throws ChatError `changed`, or `approval` if a call waits for a person.
   */
  async #seen(place: Place, item: string): Promise<{ session: StoreSession; turn: Turn }> {
    await this.#refuseWhileWaiting(place);
    const session = this.#session(place);
    const [turn] = (await session.turns({ limit: 1 })).data;
    if (turn?.items.at(-1)?.id === item) return { session, turn };
    throw new ChatError(409, 'changed', 'The conversation has gone on, perhaps in another tab.');
  }

  async #refuseWhileWaiting({ who, id }: Place): Promise<void> {
    if (await this.#approvals.find(who.tenant, id))
      throw new ChatError(409, 'approval', 'Decide first on what waits for you.');
  }

  async #found({ who, id }: Place): Promise<SessionInfo> {
    const found = await this.#conversations.find(who, id);
    if (!found) throw notFound();
    return found;
  }

  #session({ who, id }: Place): StoreSession {
    return this.#conversations.session(who, id);
  }

  #agent({ tenant }: Who): Agent {
    return shopAgent(this.#db, tenant, this.#model);
  }
}

function notFound(): ChatError {
  return new ChatError(404, 'not-found', 'There is no such conversation.');
}
