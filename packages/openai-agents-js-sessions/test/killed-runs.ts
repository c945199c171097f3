import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { AgentInputItem } from '@openai/agents-core';
import { temporaryFolder } from '@stackone/test-environment';
import { expect } from 'vitest';

const PROGRAM = join(import.meta.dirname, 'programs/runs-to-kill.mjs');
const execute = promisify(execFile);
/** For files of one test file. */
export const folder = temporaryFolder();

/** Where a run may end with its process: before a statement, before and after the effect of a tool, before a model answers, at an event of a stream. */
export type Kind = 'statement' | 'tool' | 'effect' | 'model' | 'event';

/** A run that stood still at its n-th moment, or came to its end unharmed as it had fewer. */
interface KilledRun {
  readonly kind: Kind;
  readonly nth: number;
  readonly end?: 'killed' | 'unharmed';
}

/** What is there of a run at its end. */
interface Seen {
  readonly output: string;
  readonly items: readonly AgentInputItem[];
  readonly usage: object;
}

/** A database, behind the back of the store. */
export interface Database {
  /** Makes the table for effects that are in the database. */
  prepare(): Promise<void>;
  /** Ends all leases, so that nobody has to wait, and reads which entries of which runs are there. */
  journal(): Promise<readonly { readonly run_id: string; readonly entry: string }[]>;
  /** For each effect that is in the database the run that had it. */
  bookings(): Promise<readonly { readonly run_id: string }[]>;
}

/** A call of a tool, as the service outside noted it. */
type Effect = readonly [runId: string, callId: string, effect: string];

function effectsIn(service: string): Effect[] {
  const text = existsSync(service) ? readFileSync(service, 'utf8') : '';
  return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Effect]));
}

/** The items with ids that say which call is meant. */
function named(items: readonly AgentInputItem[]): string[] {
  const calls = callsIn(items);
  return items.map((item) =>
    JSON.stringify(item).replace(/call_[\w-]+/g, (id) => `call ${calls.indexOf(id)}`),
  );
}

function callsIn(items: readonly AgentInputItem[]): string[] {
  return items.flatMap((item) => (item.type === 'function_call' ? [item.callId] : []));
}

/** Plays runs in a process of its own, which is killed or ends. */
async function play(...parameters: readonly string[]): Promise<{ stdout: string; isKilled: boolean }> {
  const played = execute(process.execPath, [PROGRAM, ...parameters], { maxBuffer: 2 ** 26 });
  return played.then(
    ({ stdout }) => ({ stdout, isKilled: false }),
    ({ signal, stdout, stderr }: { signal?: string; stdout: string; stderr: string }) => {
      expect(signal, stderr).toBe('SIGKILL');
      return { stdout, isKilled: true };
    },
  );
}

/**
 * Kills a process whose runs stand still at each of their moments, and lets another one end them; each has to come out as if nothing had
 * happened: its conversation, its result and its usage are those of the run that nobody disturbed. A tool was called once where its
 * result was kept, and at most once more, with the same call, where the process was killed between; the one whose effect is in the database
 * had it once, wherever that was.
 *
 * @param nth - Only this moment. @returns How many were killed.
 */
export async function expectUnharmed(
  url: string,
  kinds: readonly Kind[],
  database: Database,
  nth?: number,
): Promise<number> {
  await database.prepare();
  const [service, name] = [join(folder, randomUUID()), randomUUID()];
  const killed = await play(url, service, name, 'kill', JSON.stringify(kinds), ...(nth ? [String(nth)] : []));
  expect(killed.isKilled).toBe(true);
  // in SQLite the process died before it could say so
  const dead = kinds.map((kind): KilledRun => ({ kind, nth: nth ?? 1, end: 'killed' }));
  const runs = killed.stdout === '' ? dead : (JSON.parse(killed.stdout) as KilledRun[]);
  const kept = new Set((await database.journal()).map(({ run_id, entry }) => `${run_id} ${entry}`));
  // of a stream the SDK stores keys in another order
  const undisturbed = kinds.map((kind): KilledRun => ({ kind, nth: 1000 }));
  const { stdout } = await play(url, service, name, 'end', JSON.stringify([...runs, ...undisturbed]));
  const ends = JSON.parse(stdout) as Seen[];
  const effects = effectsIn(service);
  const bookings = (await database.bookings()).map(({ run_id }) => run_id);
  for (const [index, run] of runs.entries()) {
    const where = `killed at ${run.kind} ${run.nth}`;
    const { items, ...end } = ends[index] as Seen;
    const right = ends[runs.length + kinds.indexOf(run.kind)] as Seen;
    expect(right.items).toHaveLength(10);
    expect(right).toMatchObject({ output: 'Done.', usage: { requests: 4, totalTokens: 44 } });
    expect({ ...end, items: named(items) }, where).toEqual({ ...right, items: named(right.items) });
    const runId = `${name}-${run.kind}-${run.nth}`;
    const own = effects.filter(([id]) => id === runId);
    expect([...new Set(own.map(([, , effect]) => effect))].sort(), where).toEqual([
      'look Oslo',
      'look Rome',
      'pay Oslo',
    ]);
    expect(
      bookings.filter((id) => id === runId),
      `${where}: effects in the database`,
    ).toHaveLength(1);
    const calls = own.map(([, callId]) => callId);
    expect(callsIn(items), `${where}: a tool was called for what is not stored`).toEqual(
      expect.arrayContaining(calls),
    );
    for (const callId of callsIn(items)) {
      const times = calls.filter((other) => other === callId).length;
      expect(times, `${where}: calls of a tool`).toBeLessThanOrEqual(
        kept.has(`${runId} tool:${callId}`) ? 1 : 2,
      );
    }
  }
  return runs.filter(({ end }) => end === 'killed').length;
}
