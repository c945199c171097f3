import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { clientFaults, type TortureScene } from '@stackone/openai-agents-js-sessions/torture';
import { Network } from '../../../../packages/openai-agents-js-sessions/src/torture/network.ts';
import { randomFrom } from '../../../../packages/openai-agents-js-sessions/src/torture/random.ts';
import { administratorFaults } from '../administrator-faults.ts';
import type { ArenaFault, Ground } from '../arena.ts';
import { SERVERS, type ServerEngine, type ServerGround, serverGround } from '../server-ground.ts';
import { fileFaults, fileGround } from '../sqlite-arena.ts';
import { compare } from './journal.ts';
import type { Measured } from './verdict.ts';
import { MOST_CONNECTIONS, type Order, PATIENCE, type Part, type Played, type Word } from './words.ts';

/** How a soak is made. */
export interface SoakOptions {
  readonly minutes: number;
  readonly seed: string;
  /** Calls a second, about. */
  readonly rate: number;
  /** Between two faults, in ms. */
  readonly pause: readonly [number, number];
  /** Calls between two samples, at least, so that what leaks with each is found however slow the machine is. Default 0. */
  readonly calls?: number;
  /** How many samples end it before its time. Default: none. */
  readonly most?: number;
  /** For how long connections may be closing, at client and server, once no call is under way, in ms. Default 30,000. */
  readonly closing?: number;
  /** For its process to end by itself, once all is closed, in ms. Default 60,000. */
  readonly ending?: number;
  /** Whether anything goes wrong. Default true. */
  readonly hasFaults?: boolean;
  /** What is wrong with the store on purpose: a name of `planted/soaked-store.ts`. */
  readonly plant?: string;
}

/** What a soak found on one engine. */
export interface Soaked {
  readonly title: string;
  readonly minutes: number;
  readonly seed: string;
  readonly faults: Readonly<Record<string, number>>;
  readonly samples: readonly Measured[];
  readonly played: Played | undefined;
  readonly problems: readonly string[];
}

/** How often a fault is chosen that takes seconds, such as a server that is killed. */
const EXPENSIVE = 0.1;
/** What one run says is wrong, at most: what is wrong once is often wrong again and again. */
const MOST_PROBLEMS = 50;
/** Longer than a busy machine needs, in ms. */
const CLOSING = 30_000;

/** The engines that can be soaked. */
export const SOAKED = ['sqlite', 'postgres', 'mysql', 'mariadb'] as const;
export type SoakedEngine = (typeof SOAKED)[number];

interface Place {
  readonly ground: Ground;
  readonly faults: readonly ArenaFault[];
  readonly network: Network | undefined;
}

async function placeOf(engine: SoakedEngine): Promise<Place> {
  if (engine === 'sqlite') {
    const ground = fileGround(mkdtempSync(join(tmpdir(), 'soak-')));
    // a copy is read as one of what torture() writes
    const faults = fileFaults.filter(({ name }) => !name.includes('copy')) as readonly ArenaFault[];
    return { ground, faults, network: undefined };
  }
  const server = await SERVERS[engine satisfies ServerEngine]();
  const ground = await serverGround(server);
  const faults = [
    ...clientFaults().filter(({ needsNetwork }) => needsNetwork),
    ...administratorFaults(false),
  ];
  return {
    ground,
    faults: faults as readonly ArenaFault<ServerGround>[] as readonly ArenaFault[],
    network: await Network.to(server.host, server.port),
  };
}

/** Plays mixed load on one engine in one process, strikes it, and measures that process. */
export async function soak(engine: SoakedEngine, options: SoakOptions): Promise<Soaked> {
  const place = await placeOf(engine);
  await using _ground = place.ground;
  const player = new Player(place, options, engine);
  try {
    return await play(place, player, options);
  } finally {
    player.kill();
    await place.network?.close();
  }
}

async function play(
  { ground, faults, network }: Place,
  player: Player,
  options: SoakOptions,
): Promise<Soaked> {
  const {
    minutes,
    seed,
    calls = 0,
    most: mostSamples = Number.POSITIVE_INFINITY,
    closing = CLOSING,
    hasFaults = true,
  } = options;
  const random = randomFrom(`${seed} faults`);
  const struck: Record<string, number> = {};
  const samples: Measured[] = [];
  await player.hasStored();
  const until = performance.now() + minutes * 60_000;
  while (performance.now() < until && samples.length < mostSamples && player.isRunning) {
    const [least, most] = options.pause;
    await wait(least + random() * (most - least));
    await player.hasMade(calls);
    const sample = await player.sample();
    if (!sample) break;
    samples.push({ ...sample, connections: await connectionsOf(ground, closing) });
    if (!hasFaults) continue;
    const isExpensive = random() < EXPENSIVE;
    const some = faults.filter((fault) => (fault.isExpensive ?? false) === isExpensive);
    const fault = some[Math.floor(random() * some.length)];
    if (!fault) continue;
    struck[fault.name] = (struck[fault.name] ?? 0) + 1;
    const scene: TortureScene = {
      random,
      network,
      conversations: player.conversations,
      writers: [player.writer],
    };
    await fault
      .strike(scene, ground)
      .catch((error) => player.problem(`${fault.name} could not be struck: ${error}`));
    if (!(await player.hasStored())) player.problem(`${fault.name}: nothing was stored in the 60 s after it`);
  }
  const played = await player.end(options.ending ?? PATIENCE);
  if (played) await checkTables(ground, played, player);
  return { title: ground.title, minutes, seed, faults: struck, samples, played, problems: player.problems };
}

/** What plain SQL finds of the conversations that are there at the end. */
async function checkTables(ground: Ground, { journal }: Played, player: Player): Promise<void> {
  const found = await ground.read(journal.map(({ id }) => id));
  for (const { id, entries } of journal) {
    for (const problem of compare(id, entries, found.get(id) ?? [])) player.problem(`by SQL: ${problem}`);
  }
}

/** Connections that the server has of the player, when what a fault left behind is gone. */
async function connectionsOf({ connections }: Ground, closing: number): Promise<number> {
  if (!connections) return 0;
  const until = performance.now() + closing;
  for (;;) {
    const count = await connections().catch(() => Number.POSITIVE_INFINITY);
    if (count <= MOST_CONNECTIONS || performance.now() > until) return count;
    await wait(200);
  }
}

/** The process that plays. */
class Player {
  readonly problems: string[] = [];
  conversations: readonly string[] = [];
  isRunning = true;
  readonly #child: ChildProcess;
  readonly #name: string;
  #stored = 0;
  #calls = 0;
  #due = 0;
  #isEnding = false;
  #answered: ((word: Word | undefined) => void) | undefined;

  constructor(
    { ground, network }: Place,
    { seed, rate, plant, closing = CLOSING }: SoakOptions,
    name: string,
  ) {
    const part: Part = {
      url: network?.url(ground.url) ?? ground.url,
      store: ground.storeOptions,
      seed,
      rate,
      closing,
      plant,
    };
    this.#name = name;
    this.#child = fork(join(import.meta.dirname, 'player.ts'), [JSON.stringify(part)], {
      execArgv: ['--expose-gc'],
    });
    this.#child.on('message', (word: Word) => this.#hear(word));
    this.#child.on('exit', (code, signal) => {
      this.isRunning = false;
      if (!this.#isEnding) this.problem(`the process ended by itself: ${signal ?? code}`);
      this.#answered?.(undefined);
    });
  }

  get writer(): TortureScene['writers'][number] {
    return {
      pid: this.#child.pid ?? 0,
      signal: (signal) => void this.#child.kill(signal),
      kill: async () => this.kill(),
    };
  }

  problem(problem: string): void {
    // so that something is known of a run that is ended early
    console.error(`${this.#name}: ${problem}`);
    if (this.problems.length < MOST_PROBLEMS) this.problems.push(problem);
  }

  /** Whether a turn is stored from now on, within the time that everything has to go on. */
  async hasStored(): Promise<boolean> {
    const before = this.#stored;
    const until = performance.now() + PATIENCE;
    while (this.#stored === before && this.isRunning && performance.now() < until) await wait(50);
    return this.#stored > before;
  }

  /** Waits until it has made so many calls since the last time. */
  async hasMade(calls: number): Promise<void> {
    while (this.#calls < this.#due && this.isRunning) await wait(50);
    this.#due = this.#calls + calls;
  }

  async sample() {
    const word = await this.#order('measure');
    return word?.word === 'sample' ? word.sample : undefined;
  }

  /** @returns What it did, once its stores are closed and it has ended by itself, as nothing keeps it. */
  async end(ending: number): Promise<Played | undefined> {
    this.#isEnding = true;
    const word = await this.#order('end');
    if (word?.word !== 'ended') return undefined;
    const exited = this.isRunning ? once(this.#child, 'exit').then(() => true) : true;
    if (!(await Promise.race([exited, wait(ending, false, { ref: false })])))
      this.problem('the process did not end after all was closed: something keeps it');
    return word.played;
  }

  kill(): void {
    if (!this.isRunning) return;
    this.#isEnding = true;
    this.#child.kill('SIGKILL');
  }

  async #order(order: Order): Promise<Word | undefined> {
    if (!this.isRunning) return undefined;
    const { promise, resolve } = Promise.withResolvers<Word | undefined>();
    this.#answered = resolve;
    this.#child.send(order);
    // what hangs is told by the process itself; this is for one that does not even do that
    const late = setTimeout(() => {
      this.problem(`the process did not answer "${order}" within ${(PATIENCE * 3) / 1000} s`);
      this.kill();
      resolve(undefined);
    }, PATIENCE * 3);
    const word = await promise;
    clearTimeout(late);
    this.#answered = undefined;
    return word;
  }

  #hear(word: Word): void {
    if (word.word === 'problem') this.problem(word.problem);
    else if (word.word === 'progress') {
      this.#stored = word.stored;
      this.#calls = word.calls;
      this.conversations = word.conversations;
    } else this.#answered?.(word);
  }
}
