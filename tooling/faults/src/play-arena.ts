import { type TortureReport, type TortureRow, torture } from '@stackone/openai-agents-js-sessions/torture';
import type { Arena, ArenaFault, Ground } from './arena.ts';

/** What is played. */
export interface Choice {
  /** Part of the names of the faults; all if absent. */
  readonly fault?: string | undefined;
  readonly rounds: number;
  readonly expensiveRounds: number;
  readonly seed: string;
  readonly writers: number;
  /** Called when a fault has been played. */
  readonly onRow?: (row: TortureRow) => void;
}

/** What was played, and on what. */
export interface Played extends TortureReport {
  readonly title: string;
}

/**
 * Plays each fault with processes of its own, so that what is left open is its.
 *
 * @returns `undefined` where there is no such fault.
 */
export async function playArena(
  arena: Arena,
  { fault = '', ...choice }: Choice,
): Promise<Played | undefined> {
  const faults = arena.faults.filter(({ name }) => name.includes(fault));
  if (faults.length === 0) return undefined;
  await using ground = await arena.open();
  const rows: TortureRow[] = [];
  for (const one of faults) {
    const rounds = one.isExpensive ? choice.expensiveRounds : choice.rounds;
    const report = await tortureOn(ground, [one], { ...choice, rounds });
    rows.push(...report.rows);
    for (const row of report.rows) choice.onRow?.(row);
  }
  return { title: ground.title, seed: choice.seed, rows, isSound: rows.every(isSound) };
}

/** Plays the cheap faults with the same processes: what is left open counts for the last one. */
export async function playTogether(
  arena: Arena,
  choice: Pick<Choice, 'rounds' | 'seed' | 'writers'>,
): Promise<TortureReport> {
  await using ground = await arena.open();
  return await tortureOn(
    ground,
    arena.faults.filter(({ isExpensive = false }) => !isExpensive),
    choice,
  );
}

const tortureOn = (
  ground: Ground,
  faults: readonly ArenaFault[],
  { rounds, seed, writers }: Pick<Choice, 'rounds' | 'seed' | 'writers'>,
) =>
  torture(ground.url, {
    faults: faults.map((fault) => ({ ...fault, strike: (scene) => fault.strike(scene, ground) })),
    rounds,
    seed,
    writers,
    store: ground.storeOptions,
    read: ground.read,
    connections: ground.connections,
    launcher: ground.launcher,
    writersUrl: ground.writersUrl,
  });

const isSound = ({ problems }: TortureRow) => Object.values(problems).every((count) => count === 0);
