import { type Agent, type AgentInputItem, RunState, run, type Session } from '@openai/agents';
import { isSessionError } from '@stackone/sessions-core';
import type { Approvals, WaitingCall } from './approvals.ts';
import { ChatError } from './chat-error.ts';
import { Draft } from './draft.ts';
import { type ChatEvent, eventStream } from './event-stream.ts';
import type { Claim, RunClaims } from './run-claims.ts';

/** What a run begins with. */
export interface Start {
  readonly agent: Agent;
  readonly input: AgentInputItem[] | RunState<undefined, Agent>;
  readonly session: Session;
}

/** A conversation that is answered. */
interface Place {
  readonly tenant: string;
  readonly id: string;
}

/** The runs of this process: one at a time for each conversation. A run goes on when its client leaves, and when the process is to end. */
export class Answers {
  readonly #claims: RunClaims;
  readonly #approvals: Approvals;
  readonly #claimed = new Set<Claim>();
  /** What is prepared or on its way. */
  readonly #underWay = new Set<Promise<unknown>>();
  #ending = false;

  constructor(claims: RunClaims, approvals: Approvals) {
    this.#claims = claims;
    this.#approvals = approvals;
  }

  /**
   * Begins a run, if there is none in this conversation.
   *
   * @param prepare - Called when nobody else can begin one: reads what is stored, and says what to run.
   * @returns What the run says, as server-sent events.
   * @throws ChatError `busy`, `ending`, and what `prepare` throws.
   */
  async begin(
    tenant: string,
    id: string,
    prepare: () => Promise<Start>,
  ): Promise<ReadableStream<Uint8Array>> {
    if (this.#ending)
      throw new ChatError(503, 'ending', 'The server is being restarted. Try again in a moment.');
    return this.#tracked(this.#begin({ tenant, id }, prepare));
  }

  /**
   * Begins no more runs, and waits for those under way.
   *
   * @param grace - After how many ms those that are still under way are ended.
   */
  async end(grace: number): Promise<void> {
    this.#ending = true;
    const late = setTimeout(() => {
      for (const claim of this.#claimed) claim.abort();
    }, grace);
    while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay);
    clearTimeout(late);
  }

  async #tracked<T>(work: Promise<T>): Promise<T> {
    this.#underWay.add(work);
    return work.finally(() => this.#underWay.delete(work));
  }

  async #begin(place: Place, prepare: () => Promise<Start>): Promise<ReadableStream<Uint8Array>> {
    const claim = await this.#claims.take(place.tenant, place.id);
    this.#claimed.add(claim);
    const release = () => {
      this.#claimed.delete(claim);
      return claim.release().catch(report); // then it ends by itself
    };
    let start: Start;
    try {
      start = await prepare();
    } catch (error) {
      await release();
      throw error;
    }
    const { readable, send, end } = eventStream();
    this.#tracked(this.#run(place, start, claim, send).then(release).then(end));
    return readable;
  }

  async #run(
    place: Place,
    { agent, input, session }: Start,
    claim: Claim,
    send: (event: ChatEvent) => void,
  ): Promise<void> {
    try {
      const result = await run(agent, input, { session, stream: true, signal: claim.signal });
      for await (const text of result.toTextStream()) send({ type: 'text', text });
      await result.completed; // the turn is stored now, or is whole in the draft
      claim.signal.throwIfAborted(); // the SDK takes it for an end like any other
      if (session instanceof Draft) await session.commit();
      const calls = result.interruptions.map(({ rawItem }) => waitingCall(rawItem as WaitingCall));
      if (calls.length > 0) {
        await this.#approvals.save(place.tenant, place.id, { calls, state: result.state.toString() });
        send({ type: 'approval' });
        return;
      }
      if (input instanceof RunState) await this.#approvals.remove(place.tenant, place.id);
      send({ type: 'done' });
    } catch (error) {
      send(await this.#failed(place, claim, error));
    }
  }

  async #failed({ tenant, id }: Place, claim: Claim, error: unknown): Promise<ChatEvent> {
    if (claim.signal.aborted)
      return { type: 'error', code: 'stopped', message: 'The answer was ended before it was whole.' };
    if (isSessionError(error) && error.code === 'OPERATION_CONFLICT') {
      // the decision was carried out before, by a process that could not say so any more
      await this.#approvals.remove(tenant, id).catch(report); // then it is asked about once more
      return { type: 'done' };
    }
    report(error);
    return { type: 'error', code: 'failed', message: 'There is no answer. Try again.' };
  }
}

/** What people have to know of a call, without the rest that the SDK keeps of it. */
function waitingCall({ callId, name, arguments: args }: WaitingCall): WaitingCall {
  return { callId, name, arguments: args };
}

/** For the log. Only the stack: errors of the SDK have the whole conversation in a field. */
export function report(error: unknown): void {
  console.error(error instanceof Error ? error.stack : error);
}
