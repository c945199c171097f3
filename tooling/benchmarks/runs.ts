/**
 * What a run of `store.runs` costs: a step of it in a conversation of 10^2 and of 10^5 items, and a run of ten steps beside `run()`
 * with the session, with a model that answers in 20 ms.
 *
 * Usage: `npm run bench:runs -- postgres`, `sqlite`, `mysql` or `mariadb`.
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

type Play = (store: SessionStore, sessionId: string, agent: Agent) => Promise<{ finalOutput?: unknown }>;

const withRunner: Play = (store, sessionId, agent) =>
  run(agent, 'Where is it?', { session: store.session(sessionId), maxTurns: STEPS });
const withRuns: Play = (store, sessionId, agent) =>
  store.runs.start(agent, 'Where is it?', { session: store.session(sessionId), maxTurns: STEPS });

async function played(play: Play, store: SessionStore, sessionId: string, answerTime: number) {
  const { finalOutput } = await play(store, sessionId, clerk(answerTime));
  if (finalOutput !== 'Done.') throw new WrongAnswer(`the run ended with ${finalOutput}`);
}

/** What a step of a run in the long conversation takes, in ms; the conversation is then as it was. */
async function stepTime(store: SessionStore): Promise<number> {
  const steps: number[] = [];
  const note = (message: unknown) => {
    const { operation, ms } = message as OperationMessage;
    if (operation === 'runs.write') steps.push(ms);
  };
  subscribe(OPERATION_CHANNEL, note);
  await played(withRuns, store, LONG, 0);
  unsubscribe(OPERATION_CHANNEL, note);
  if (steps.length < STORED - 1) throw new WrongAnswer(`${steps.length} steps were written`);
  for (let left = STORED; left > 0; left--) await store.session(LONG).popItem();
  return median(steps);
}

setTracingDisabled(true);
const engine = await startEngine(process.argv[2] as EngineName);
const stores = [await prepared(SIZES[0]), await prepared(SIZES[1])] as const;
const runTime = async (play: Play) => {
  const sessionId = randomUUID();
  const { ms } = await timed(() => played(play, stores[0], sessionId, ANSWER));
  const stored = await stores[0].session(sessionId).getItems();
  if (stored.length !== STORED) throw new WrongAnswer(`${stored.length} items were stored`);
  return ms;
};
const lines = [
  await compared('a step, in a conversation of 10^2 and of 10^5', stores, ROUNDS, stepTime),
  await compared('a run, by `run()` and by `store.runs.start()`', [withRunner, withRuns], ROUNDS, runTime),
];
console.log(`${engine.title}, ${Object.values(machine()).join(', ')}`);
console.log(`Medians of ${ROUNDS} interleaved rounds, in ms, quartiles in brackets\n`);
console.log(markdownTable([['', 'first', 'second', 'second / first'], ...lines]));
for (const store of stores) await store.close();
await engine.stop();

async function prepared(count: number): Promise<SessionStore> {
  const url = await engine.makeDatabase();
  const store = await openSessionStore(url);
  await engine.fill(url, LONG, count / TURN_ITEMS);
  return store;
}
