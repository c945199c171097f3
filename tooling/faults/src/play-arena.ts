import {
  clientFaults,
  type TortureReport,
  type TortureRow,
  torture,
} from '@stackone/openai-agents-js-sessions/torture';
import type { Arena, ArenaFault } from './arena.ts';

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

/** Plays each fault with processes of its own, so that what is left open is its. */
export async function playArena(arena: Arena, { fault = '', ...choice }: Choice): Promise<TortureReport> {
  const rows: TortureRow[] = [];
  for (const one of faultsOf(arena).filter(({ name }) => name.includes(fault))) {
    const report = await torture(arena.url, {
      ...common(arena, choice),
      faults: [one],
      rounds: one.isExpensive ? choice.expensiveRounds : choice.rounds,
    });
    rows.push(...report.rows);
    for (const row of report.rows) choice.onRow?.(row);
  }
  return { seed: choice.seed, rows, isSound: rows.every(isSound) };
}

/** Plays the cheap faults with the same processes: what is left open counts for the last one. */
export function playTogether(
  arena: Arena,
  choice: Pick<Choice, 'rounds' | 'seed' | 'writers'>,
): Promise<TortureReport> {
  const faults = faultsOf(arena).filter(({ isExpensive = false }) => !isExpensive);
  return torture(arena.url, { ...common(arena, choice), faults, rounds: choice.rounds });
}

const faultsOf = (arena: Arena): ArenaFault[] => [...clientFaults(), ...arena.faults];

const common = (
  { storeOptions, read, connections }: Arena,
  { seed, writers }: Pick<Choice, 'seed' | 'writers'>,
) => ({
  seed,
  writers,
  store: storeOptions,
  read,
  connections,
});

const isSound = ({ problems }: TortureRow) => Object.values(problems).every((count) => count === 0);
