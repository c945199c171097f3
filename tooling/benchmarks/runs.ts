/**
 * What a run of `store.runs` costs: a step of it in a conversation of 10^2 and of 10^5 items, and a run of ten steps beside `run()`
 * with the session, with a model that answers in 20 ms.
 *
 * Usage: `npm run bench:runs -- postgres`, `sqlite`, `mysql` or `mariadb`. About a minute each; `RUN_ROUNDS=5` for a look.
 */
import { randomUUID } from 'node:crypto';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { setTimeout as wait } from 'node:timers/promises';
import { Agent, type Model, run, setTracingDisabled, tool, Usage } from '@openai/agents-core';
import { assistantMessage, functionCall } from '@openai/agents-core/testing';
import {
  OPERATION_CHANNEL,
  type OperationMessage,
  openSessionStore,
  type SessionStore,
} from '@stackone/openai-agents-js-sessions';
import { markdownTable } from 'markdown-table';
import { z } from 'zod';
import { compared } from './src/comparison.ts';
import type { EngineName } from './src/engines/engine.ts';
import { startEngine } from './src/engines/start.ts';
import { TURN_ITEMS, WrongAnswer } from './src/items.ts';
import { machine } from './src/machine.ts';
import { median } from './src/statistics.ts';
import { timed } from './src/workloads/timing.ts';

const SIZES = [100, 100_000] as const;
/** Of a run: so many answers of the model, each but the last with a call of a tool. */
const STEPS = 10;
/** What a run of so many steps stores: the input, two items for each call, and the last answer. */
const STORED = 2 * STEPS;
/** How long the model takes to answer, in ms. */
const ANSWER = 20;
const ROUNDS = Number(process.env.RUN_ROUNDS ?? 50);
/** The conversation that has all the items. */
const LONG = 'long';

const look = tool({
  name: 'look',
  description: 'Looks',
  parameters: z.object({}),
  execute: async () => 'The parcel is in Oslo.',
});

/** An agent that comes to its end in {@link STEPS} steps. */
function clerk(answerTime: number): Agent {
  let answers = 0;
  const model: Model = {
    async getResponse() {
      if (answerTime > 0) await wait(answerTime);
      const isLast = ++answers === STEPS;
      const output = isLast
        ? assistantMessage('Done.')
        : functionCall('look', {}, { callId: `call_${randomUUID()}` });
      return { usage: new Usage(), output: [output], responseId: randomUUID() };
    },
    // biome-ignore lint/correctness/useYield: nothing is streamed here
    async *getStreamedResponse() {
      throw new Error('nothing is streamed here');
    },
  };
  return new Agent({ name: 'Clerk', model, tools: [look] });
}

/** Longer than any pause of a busy machine: a run is not to be lost here. */
const LEASE = 600_000;
/**
 * What the model sees of a conversation. The SDK's runner goes through all that it is given again with each step: with the 10^5 items
 * themselves `run()` takes a minute or more, whatever the store.
 */
const WINDOW = { items: 100 };

type Play = (store: SessionStore, sessionId: string, agent: Agent) => Promise<{ finalOutput?: unknown }>;

const withRunner: Play = (store, sessionId, agent) =>
  run(agent, 'Where is it?', { session: store.session(sessionId), maxTurns: STEPS });
const withRuns: Play = (store, sessionId, agent) => {
  const session = store.session(sessionId, { window: WINDOW });
  return store.runs.start(agent, 'Where is it?', { session, maxTurns: STEPS, lease: LEASE });
};

async function played(play: Play, store: SessionStore, sessionId: string, answerTime: number) {
  const { finalOutput } = await play(store, sessionId, clerk(answerTime));
  if (finalOutput !== 'Done.') throw new WrongAnswer(`the run ended with ${finalOutput}`);
}

/** What a run in the long conversation takes, in ms, and each of its steps; the conversation is then as it was. */
async function timesOfRun(store: SessionStore): Promise<{ whole: number; steps: readonly number[] }> {
  const steps: number[] = [];
  const note = (message: unknown) => {
    const { operation, ms } = message as OperationMessage;
    if (operation === 'runs.write') steps.push(ms);
  };
  subscribe(OPERATION_CHANNEL, note);
  const { ms: whole } = await timed(() => played(withRuns, store, LONG, 0));
  unsubscribe(OPERATION_CHANNEL, note);
  if (steps.length !== STORED - 1) throw new WrongAnswer(`${steps.length} steps were written`);
  for (let left = STORED; left > 0; left--) await store.session(LONG).popItem();
  return { whole, steps };
}

async function prepared(count: number): Promise<SessionStore> {
  const url = await engine.makeDatabase();
  const store = await openSessionStore(url);
  await engine.fill(url, LONG, count / TURN_ITEMS);
  return store;
}

setTracingDisabled(true);
const engine = await startEngine(process.argv[2] as EngineName);
try {
  const stores = [await prepared(SIZES[0]), await prepared(SIZES[1])] as const;
  const runTime = async (play: Play) => {
    const sessionId = randomUUID();
    const { ms } = await timed(() => played(play, stores[0], sessionId, ANSWER));
    const stored = await stores[0].session(sessionId).getItems();
    if (stored.length !== STORED) throw new WrongAnswer(`${stored.length} items were stored`);
    return ms;
  };
  const wholeRun = async (store: SessionStore) => (await timesOfRun(store)).whole;
  const step = async (store: SessionStore) => median((await timesOfRun(store)).steps);
  const ways = [withRunner, withRuns] as const;
  const lines = [
    await compared('10^2 and 10^5 items: what a step writes', stores, ROUNDS, step),
    await compared(
      '10^2 and 10^5 items: a run of ten steps, a model that answers at once',
      stores,
      ROUNDS,
      wholeRun,
    ),
    await compared(
      '`run()` and `store.runs.start()`: ten steps, a model that answers in 20 ms',
      ways,
      ROUNDS,
      runTime,
    ),
  ];
  console.log(`${engine.title}, ${Object.values(machine()).join(', ')}`);
  console.log(`Medians of ${ROUNDS} interleaved rounds, in ms, quartiles in brackets\n`);
  console.log(markdownTable([['', 'first', 'second', 'second / first'], ...lines]));
  for (const store of stores) await store.close();
} finally {
  await engine.stop();
}
