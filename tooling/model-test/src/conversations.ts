import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { AgentInputItem } from '@openai/agents-core';
import type { SessionStore, StoreSession } from '@stackone/sessions-core';
import fc from 'fast-check';
import { compareConversation, compareList } from './compared-conversations.js';
import { type ConversationCall, IDS, KINDS, nextAtOnce, sequences } from './conversation-calls.js';
import { COVERING_RUNS, SIDE_BY_SIDE } from './model-runs.js';
import { isQuestion, ModelledConversation } from './modelled-conversation.js';

/** Two stores on one database, or the same one twice where a database cannot be shared. */
export type ConversationStores = readonly [SessionStore, SessionStore];

/**
 * Plays turns, fork, rename, delete, updates of title and metadata, rewind, and changes of turns and items in random order,
 * through two stores at once, and compares what is there with a model in memory. Prints its seed and what it covered, and
 * fails if it left something out. The seed is `MODEL_SEED`, else another one each time.
 *
 * @param runs - How many sequences.
 * @throws AssertionError with the shortest sequence found that ends differently.
 */
export async function playConversations(
  name: string,
  stores: ConversationStores,
  runs: number,
): Promise<void> {
  const seed = Number(process.env.MODEL_SEED ?? Math.floor(Math.random() * 2 ** 31));
  const counts = new Map(KINDS.flatMap((kind) => [`${kind} done`, `${kind} refused`]).map((key) => [key, 0]));
  const property = fc.asyncProperty(sequences, async (sequence) => {
    const game = new Game(stores, (outcome) => counts.set(outcome, (counts.get(outcome) ?? 0) + 1));
    await game.play(sequence);
  });
  await Promise.all(
    Array.from({ length: SIDE_BY_SIDE }, (_, part) =>
      fc.assert(property, { numRuns: Math.ceil(runs / SIDE_BY_SIDE), seed: seed + part, verbose: 1 }),
    ),
  );
  const covered = [...counts].map(([outcome, count]) => `${outcome} ${count}`).join(', ');
  console.info(
    `${name}: ${runs} sequences of conversations, seed ${seed}, no difference\n  covered: ${covered}`,
  );
  if (runs < COVERING_RUNS) return;
  const missing = [...counts].filter(([key, count]) => count === 0 && !NEVER_REFUSED.has(key));
  assert.deepEqual(missing, [], 'the model test did not cover these');
}

/** Calls that always take effect. */
const NEVER_REFUSED: ReadonlySet<string> = new Set(
  ['turn', 'two turns at once', 'turn and update at once', 'popItem', 'clearSession', 'delete', 'read'].map(
    (kind) => `${kind} refused`,
  ),
);

type Call<Kind extends ConversationCall['kind']> = ConversationCall & { readonly kind: Kind };

/** One sequence, on ids that no other one has. */
class Game {
  readonly #stores: ConversationStores;
  readonly #count: (outcome: string) => void;
  readonly #prefix = `${randomUUID()}-`;
  readonly #models = Array.from({ length: IDS }, () => new ModelledConversation());
  #texts = 0;

  constructor(stores: ConversationStores, count: (outcome: string) => void) {
    this.#stores = stores;
    this.#count = count;
  }

  async play(sequence: readonly ConversationCall[]): Promise<void> {
    let rest = sequence;
    while (rest.length > 0) {
      const count = nextAtOnce(rest);
      const calls = rest.slice(0, count);
      rest = rest.slice(count);
      await Promise.all(calls.map((call) => this.#make(call)));
      for (const call of calls) {
        await this.#compare(call.on, call.store);
        if ('to' in call) await this.#compare(call.to, call.store);
      }
    }
    for (const store of [0, 1] as const) {
      for (let on = 0; on < IDS; on++) await this.#compare(on, store);
      const expected = this.#models.flatMap(({ isThere }, on) => (isThere ? [this.#id(on)] : []));
      await compareList(this.#stores[store], this.#prefix, expected);
    }
  }

  /** Makes a call, and does the same to the model: it takes effect, or is refused with the code that it should be. */
  async #make(call: ConversationCall): Promise<void> {
    const refused = await this.#perform(call);
    this.#count(`${call.kind} ${refused ? 'refused' : 'done'}`);
  }

  /** @returns Whether it was refused, as it should be. */
  async #perform(call: ConversationCall): Promise<boolean> {
    const model = this.#model(call.on);
    const session = this.#session(call);
    const { sessions } = this.#stores[call.store];
    const id = this.#id(call.on);
    switch (call.kind) {
      case 'read':
        return false;
      case 'turn': {
        const turn = this.#turn(call.calls);
        await session.addItems(turn);
        model.add(turn);
        return false;
      }
      case 'two turns at once':
        await this.#twoTurns(call.on);
        return false;
      case 'turn and update at once': {
        const turn = this.#turn(1);
        const other = this.#stores[call.store === 0 ? 1 : 0];
        await Promise.all([session.addItems(turn), other.sessions.update(id, { metadata: { raced: true } })]);
        model.add(turn);
        model.update(undefined, { raced: true });
        return false;
      }
      case 'popItem':
        assert.deepEqual(await session.popItem(), model.items.pop()?.item);
        return false;
      case 'clearSession':
        await session.clearSession();
        model.clear();
        return false;
      case 'delete': {
        const { deleted, removed } = await sessions.delete(id);
        assert.equal(deleted, model.isTaken);
        assert.equal(removed.messages, model.items.length);
        this.#models[call.on] = new ModelledConversation();
        return false;
      }
      case 'update':
        return this.#update(call);
      case 'rewind':
      case 'removeItem':
      case 'replaceItem':
        return this.#changeAt(call);
      case 'replaceTurn':
        return this.#replaceTurn(call);
      case 'replaceBeginning':
        return this.#replaceBeginning(call);
      case 'fork':
      case 'rename':
        return this.#copy(call);
    }
  }

  /** Both come, one after the other. */
  async #twoTurns(on: number): Promise<void> {
    const turns = [this.#turn(0), this.#turn(1)];
    const sessions = this.#stores.map((store) => store.session(this.#id(on)));
    await Promise.all(turns.map((turn, index) => sessions[index]?.addItems(turn)));
    const newest = await sessions[0]?.getItems(turns.flat().length);
    const first = JSON.stringify(newest?.[0]) === JSON.stringify(turns[0]?.[0]) ? turns : turns.toReversed();
    for (const turn of first) this.#model(on).add(turn);
  }

  async #update({ on, store, title, metadata, expects }: Call<'update'>): Promise<boolean> {
    const model = this.#model(on);
    const versions = {
      nothing: undefined,
      'this version': model.version,
      'another version': model.version + 1,
    };
    const ifVersion = versions[expects];
    const updated = this.#stores[store].sessions.update(this.#id(on), { title, metadata }, { ifVersion });
    if (expects === 'another version') return refusedWith(['VERSION_CONFLICT'], updated);
    model.update(title, metadata);
    assert.equal((await updated).version, model.version);
    return false;
  }

  async #changeAt(call: Call<'rewind' | 'removeItem' | 'replaceItem'>): Promise<boolean> {
    const model = this.#model(call.on);
    const session = this.#session(call);
    if (model.turns.length === 0 && !call.gone) await this.#begin(call);
    const { data } = await session.history({ limit: 1000 });
    const places = call.kind === 'rewind' ? model.turns : [...model.items.keys()];
    const at = places[call.at % Math.max(places.length, 1)];
    const entry = at === undefined ? undefined : data[at];
    if (at === undefined || !entry || call.gone) {
      // what is not there: removed, or never there
      const gone = await this.#goneId(session, model);
      const other = { role: 'user' as const, content: 'x' };
      if (call.kind === 'rewind') return refusedWith(['NOT_FOUND'], session.rewind(gone));
      if (call.kind === 'removeItem') return refusedWith(['NOT_FOUND'], session.removeItem(gone));
      return refusedWith(['NOT_FOUND'], session.replaceItem(gone, other));
    }
    if (call.kind === 'rewind') {
      assert.deepEqual(await session.rewind(entry), model.items[at]?.item);
      model.items.splice(at);
      return false;
    }
    const partners = model.partnersOf(at);
    if (call.kind === 'removeItem') {
      const removed = partners.map((index) => model.items[index]?.item);
      assert.deepEqual(await session.removeItem(entry), removed);
      model.items = model.items.filter((_, index) => !partners.includes(index));
      return false;
    }
    const [question, ...others] = this.#turn(0);
    const item = (model.turnOf(at) === at ? question : others[0]) as AgentInputItem;
    const replaced = session.replaceItem(entry.id, item);
    if (partners.length > 1) return refusedWith(['INVALID_HISTORY'], replaced);
    await replaced;
    Object.assign(model.items[at] ?? {}, { item });
    return false;
  }

  /** So that there is something to change. */
  async #begin(call: ConversationCall): Promise<void> {
    const turn = this.#turn(1);
    await this.#session(call).addItems(turn);
    this.#model(call.on).add(turn);
  }

  /** The id of an item that was there until now. */
  async #goneId(session: StoreSession, model: ModelledConversation): Promise<string> {
    const turn = this.#turn(0);
    await session.addItems(turn);
    model.isThere = true;
    const { data } = await session.history({ limit: 1 });
    for (const item of turn.toReversed()) assert.deepEqual(await session.popItem(), item);
    const [newest] = data;
    assert.ok(newest, 'a turn that was added is not there');
    return newest.id;
  }

  async #replaceTurn(call: Call<'replaceTurn'>): Promise<boolean> {
    const { on, store, late } = call;
    const model = this.#model(on);
    if (on > 0 && model.turns.length === 0) await this.#begin(call);
    const session = this.#stores[store].session(this.#id(on));
    const { data } = await session.turns({ limit: 1 });
    const [turn] = data;
    const items = this.#turn(1);
    if (!turn) {
      assert.deepEqual(model.turns, []);
      const never = {
        id: '0',
        items: [{ id: '0', item: items[0] as AgentInputItem, createdAt: new Date() }],
      };
      return refusedWith(['HISTORY_CHANGED', 'NOT_FOUND'], session.replaceTurn(never, items));
    }
    if (late) {
      const added = this.#turn(0);
      await this.#stores[store === 0 ? 1 : 0].session(this.#id(on)).addItems(added);
      model.add(added);
      return refusedWith(['HISTORY_CHANGED'], session.replaceTurn(turn, items));
    }
    await session.replaceTurn(turn, [turn.input, ...items.slice(1)]);
    const at = model.turns.at(-1) ?? 0;
    const question = model.items[at];
    model.items.splice(at);
    model.add([turn.input, ...items.slice(1)]);
    // a question that is answered again keeps its time
    Object.assign(model.items[at] ?? {}, { time: question?.time });
    return false;
  }

  async #replaceBeginning({ on, store, at, late }: Call<'replaceBeginning'>): Promise<boolean> {
    const model = this.#model(on);
    const session = this.#stores[store].session(this.#id(on));
    const read = await session.getItems();
    // whole turns, so that no result loses its call
    const places = [0, ...model.turns, read.length];
    const expected = read.slice(0, places[at % places.length]);
    const summary: AgentInputItem = { role: 'system', content: `summary ${this.#texts++}` };
    const other = this.#stores[store === 0 ? 1 : 0].session(this.#id(on));
    if (late) {
      const turn = this.#turn(1);
      await other.addItems(turn);
      model.add(turn);
    }
    if (late && at % 2 === 0 && expected.length > 0) {
      const first = (await other.history({ after: '0', limit: 1 })).data[0];
      const item: AgentInputItem = { role: 'user', content: `other ${this.#texts++}` };
      if (first && isQuestion(first.item)) {
        await other.replaceItem(first, item);
        Object.assign(model.items[0] ?? {}, { item });
        return refusedWith(['HISTORY_CHANGED'], session.replaceBeginning(expected, [summary]));
      }
    }
    await session.replaceBeginning(expected, [summary]);
    model.isThere = true;
    const staying = model.items.slice(expected.length);
    // where nothing is replaced there is no place before the others: they are stored anew
    if (expected.length === 0) for (const one of staying) one.time = undefined;
    model.items = [{ item: summary, time: undefined }, ...staying];
    return false;
  }

  async #copy(call: Call<'fork' | 'rename'>): Promise<boolean> {
    const { on, to, store, freed } = call;
    const { sessions } = this.#stores[store];
    if (freed && on !== to) {
      await sessions.delete(this.#id(to));
      this.#models[to] = new ModelledConversation();
    }
    const [model, target] = [this.#model(on), this.#model(to)];
    const upTo = call.kind === 'fork' ? call.upTo : undefined;
    const copied =
      call.kind === 'fork'
        ? sessions.fork(this.#id(on), this.#id(to), { upTo })
        : sessions.rename(this.#id(on), this.#id(to));
    if (target.isTaken || on === to || !model.isThere) {
      const codes = [
        ...(target.isTaken || on === to ? ['SESSION_EXISTS'] : []),
        ...(model.isThere ? [] : ['SESSION_MISSING']),
      ];
      return refusedWith(codes, copied);
    }
    const info = await copied;
    assert.equal(info.id, this.#id(to));
    this.#models[to] = model.copy(upTo);
    if (call.kind === 'rename') this.#models[on] = new ModelledConversation();
    return false;
  }

  #compare(on: number, store: 0 | 1): Promise<void> {
    return compareConversation(this.#stores[store], this.#id(on), this.#model(on));
  }

  #model(on: number): ModelledConversation {
    return this.#models[on] as ModelledConversation;
  }

  #id(on: number): string {
    return `${this.#prefix}${on}`;
  }

  #session({ on, store }: Pick<ConversationCall, 'on' | 'store'>): StoreSession {
    return this.#stores[store].session(this.#id(on));
  }

  /** A question, calls with their results, and an answer. All texts and ids are new. */
  #turn(calls: number): AgentInputItem[] {
    const text = `${this.#texts++}`;
    const pairs = Array.from({ length: calls }, (_, index): AgentInputItem[] => {
      const callId = `call ${text} ${index}`;
      return [
        { type: 'function_call', callId, name: 'f', status: 'completed', arguments: '{}' },
        { type: 'function_call_result', callId, name: 'f', status: 'completed', output: text },
      ];
    });
    return [
      { type: 'message', role: 'user', content: `question ${text}` },
      ...pairs.flat(),
      {
        type: 'message',
        role: 'assistant',
        status: 'completed',
        content: [{ type: 'output_text', text: `answer ${text}` }],
      },
    ];
  }
}

/** @returns `true`, as it was refused. */
async function refusedWith(codes: readonly string[], call: Promise<unknown>): Promise<true> {
  await assert.rejects(call, ({ code }: { code?: unknown }) => codes.includes(String(code)));
  return true;
}
