import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { expect } from 'vitest';
import { openSessionStore } from '../src/index.js';
import { databaseOf } from './run-databases.js';

const PROGRAM = join(import.meta.dirname, 'programs/race-for-runs.mjs');

/** Runs that two processes race for. */
export interface Race {
  readonly url: string;
  readonly count: number;
  /** How many ms a model or a tool takes at most. Default 20. */
  readonly slowest?: number;
  /** With it processes are stopped only, more often, and what they write is not checked. */
  readonly fault?: 'unchecked';
}

/** What was done to the processes. */
export interface Disturbances {
  /** What each id of a run begins with. */
  readonly name: string;
  readonly killed: number;
  readonly stopped: number;
}

/** In ms. With the fault two processes may wait for each other for ever: that is a finding too. */
const HANGS = 180_000;

/** Two processes at a time, one of which is killed, or stopped for longer than a lease, again and again, until one has seen all runs end. */
export async function race({ url, count, slowest = 20, fault }: Race): Promise<Disturbances> {
  const [name, did] = [randomUUID(), { killed: 0, stopped: 0 }];
  const parameters = [url, name, String(count), String(slowest), ...(fault ? [fault] : [])];
  const start = () => fork(PROGRAM, parameters, { execArgv: [] });
  const racers: [ChildProcess, ChildProcess] = [start(), start()];
  const codes: number[] = [];
  let isOver = false;
  let worked = 0;
  const watched = (child: ChildProcess) => {
    child.on('message', () => worked++);
    child.on('exit', (code) => {
      if (code === null) return;
      isOver = true;
      codes.push(code);
    });
    return child;
  };
  racers.forEach(watched);
  const giveUp = () => {
    isOver = true;
    for (const child of racers) child.kill('SIGKILL');
  };
  const hanging = fault && setTimeout(giveUp, HANGS);
  while (!isOver) {
    if (fault) await wait(100 + Math.random() * 300);
    // however slow the machine is, some runs have come to their end since the last time
    else for (const enough = worked + 5 + Math.random() * 20; worked < enough && !isOver; ) await wait(10);
    const at = Math.random() < 0.5 ? 0 : 1;
    const victim = racers[at];
    if (isOver || victim.exitCode !== null) break;
    if (fault || Math.random() < 0.5) {
      victim.kill('SIGSTOP');
      await wait(800);
      victim.kill('SIGCONT');
      did.stopped++;
    } else {
      victim.kill('SIGKILL');
      racers[at] = watched(start());
      did.killed++;
    }
  }
  await Promise.all(racers.map((child) => child.exitCode ?? child.signalCode ?? once(child, 'exit')));
  clearTimeout(hanging);
  if (!fault) expect(codes).toEqual(codes.map(() => 0));
  return { name, ...did };
}

/** Each run has ended once: one turn, what two answers used, and in its journal no step of anybody who no longer held it. */
export async function expectOneEndEach({ url, count }: Race, { name }: Disturbances): Promise<void> {
  const store = await openSessionStore(url);
  const steps = new Map<string, string[]>();
  for (const { run_id, entry } of await databaseOf(url).journal())
    steps.set(run_id, [...(steps.get(run_id) ?? []), entry]);
  for (let index = 0; index < count; index++) {
    const id = `${name}-${index}`;
    expect((await store.runs.retrieve(id)).state, id).toBe('done');
    const items = await store.session(id).getItems();
    expect(
      items.map((item) => ('role' in item ? item.role : item.type)),
      id,
    ).toEqual(['user', 'function_call', 'function_call_result', 'assistant']);
    expect(await store.session(id).usage(), id).toMatchObject({ requests: 2, totalTokens: 22 });
    const calls = items.flatMap((item) => (item.type === 'function_call' ? [item.callId] : []));
    expect(steps.get(id)?.sort(), `steps of ${id}`).toEqual(['model:0', 'model:1', `tool:${calls[0]}`]);
  }
  await store.close();
}
