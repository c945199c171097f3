// node --expose-gc player.ts <its part, as JSON>
//
// Plays mixed load against the stores of one database, in one process, until it is told to end.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import { randomFrom } from '../../../../packages/openai-agents-js-sessions/src/torture/random.ts';
import { Calls } from './calls.ts';
import { LOADS } from './load.ts';
import { measure, openSockets } from './measure.ts';
import { observe } from './observe.ts';
import { CALLERS, type Order, PATIENCE, type Part, type Played, type Word } from './words.ts';
import { World } from './world.ts';

const TOTAL_OFTEN = LOADS.reduce((sum, { often }) => sum + often, 0);

const part = JSON.parse(process.argv[2] ?? '') as Part;
const tell = (word: Word) => void process.send?.(word);
const onProblem = (problem: string) => tell({ word: 'problem', problem });

process.on('uncaughtException', (error) => onProblem(`an error outside of every call: ${error.stack}`));
process.on('unhandledRejection', (reason) => onProblem(`a rejection that nobody handles: ${reason}`));
process.on('warning', ({ name, message }) => {
  if (name === 'MaxListenersExceededWarning') onProblem(`${name}: ${message}`);
});
process.on('disconnect', () => process.exit(1));

const socketsBefore = openSockets();
const observed = observe();
const delays = monitorEventLoopDelay({ resolution: 20 });
delays.enable();
const random = randomFrom(part.seed);
const calls = new Calls(onProblem);
const world = await World.open(part, { calls, random, onProblem });

let isEnded = false;
/** Pending while calls are let end. */
let quiet: Promise<void> | undefined;
const underWay = new Set<Promise<unknown>>();

async function caller(): Promise<void> {
  while (!isEnded) {
    await quiet;
    if (isEnded) return;
    const work = choose()(world);
    underWay.add(work);
    try {
      await work;
    } finally {
      underWay.delete(work);
    }
    await wait(ownPace());
  }
}

let due = performance.now();
let paced = 0;

/** How long a caller waits, so that all together make as many calls a second as they are to. In ms. */
function ownPace(): number {
  const now = performance.now();
  due = Math.max(due, now) + ((calls.total - paced) * 1000) / part.rate;
  paced = calls.total;
  return (due - now) * (0.5 + random());
}

function choose(): (typeof LOADS)[number]['play'] {
  let at = random() * TOTAL_OFTEN;
  for (const { often, play } of LOADS) {
    at -= often;
    if (at < 0) return play;
  }
  return async () => {};
}

/** Lets all calls end. @returns Goes on with them. */
async function silence(): Promise<() => void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  quiet = promise;
  world.isQuiet = true;
  const late = setTimeout(() => onProblem('calls did not end within 60 s'), PATIENCE);
  // a caller that waits between two calls begins none
  while (underWay.size > 0) await Promise.allSettled([...underWay]);
  clearTimeout(late);
  return () => {
    world.isQuiet = false;
    quiet = undefined;
    resolve();
  };
}

async function played(): Promise<Played> {
  await silence();
  for (const conversation of world.journalled) await world.compare(conversation);
  const journal = world.journalled.filter(({ isPlain }) => isPlain);
  return {
    calls: calls.made,
    errors: calls.errors,
    acknowledged: world.stored,
    compared: world.compared,
    spans: observed.spans(),
    loopDelay: Math.round(delays.percentile(99) / 1e6),
    journal: journal.map(({ id, entries }) => ({ id, entries })),
  };
}

async function end(): Promise<void> {
  const word: Word = { word: 'ended', played: await played() };
  isEnded = true;
  clearInterval(progress);
  delays.disable();
  await Promise.all([world.plain.close(), world.sealed.close(), observed.end()]);
  tell(word);
  // nothing else is to keep it alive now: the one who started it looks
  process.removeAllListeners('disconnect');
  process.disconnect();
}

process.on('message', async (order: Order) => {
  if (order === 'end') return await end();
  const goOn = await silence();
  tell({ word: 'sample', sample: await measure(world.lasting.signal, socketsBefore, part.closing) });
  goOn();
});

const progress = setInterval(() => {
  const conversations = world.journalled.filter(({ isPlain }) => isPlain).map(({ id }) => id);
  tell({
    word: 'progress',
    calls: calls.total,
    stored: world.stored,
    conversations: conversations.sort(),
  });
}, 250);
for (let nth = 0; nth < CALLERS; nth++) void caller();
