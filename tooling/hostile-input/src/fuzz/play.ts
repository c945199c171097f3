import fc from 'fast-check';
import type { World } from '../world.ts';
import { callArguments } from './arguments.ts';
import { descriptions } from './descriptions.ts';
import { ids } from './ids.ts';
import { items } from './items.ts';
import { openings } from './openings.ts';
import { assertSame, watchPrototypes, withoutLooseRejections } from './promises.ts';
import { rows } from './rows.ts';
import { openStage, type Plant, type Stage } from './stage.ts';
import { watchdog } from './watchdog.ts';

/** What is played: a way to draw cases, and a way to play one, which fails where a promise is broken. */
interface Game<Drawn> {
  readonly arbitrary: fc.Arbitrary<Drawn>;
  play(stage: Stage, drawn: Drawn): Promise<void>;
}

// biome-ignore lint/suspicious/noExplicitAny: each game draws what it plays
const GAMES: Readonly<Record<string, Game<any>>> = {
  items,
  ids,
  descriptions,
  callArguments,
  rows,
  openings,
};

/** How much is played. */
export interface FuzzOptions {
  /** Repeats a play: all that is drawn follows from it. */
  readonly seed: number;
  /** Cases of each game, in a round. */
  readonly cases: number;
  /** Rounds are played until so many ms are over. Default: one round. */
  readonly milliseconds?: number | undefined;
  /** Changes the store that is played on. */
  readonly plant?: Plant | undefined;
}

/**
 * Hands a store what nobody should hand it, and fails at the first promise that is broken: with the smallest case found, the name of
 * its game and the seed.
 *
 * @returns How many cases were played.
 */
export async function playFuzz(
  world: World,
  { seed, cases, milliseconds = 0, plant }: FuzzOptions,
): Promise<number> {
  const stage = await openStage(world, plant);
  using dog = watchdog(`${world.engine}, seed ${seed}`);
  const end = performance.now() + milliseconds;
  let played = 0;
  try {
    for (let round = 0; round === 0 || performance.now() < end; round++) {
      for (const [name, game] of Object.entries(GAMES)) {
        const property = fc.asyncProperty(game.arbitrary, async (drawn: unknown) => {
          played++;
          dog.alive(name);
          await playCase(stage, game, drawn);
        });
        try {
          await fc.assert(property, { seed: seed + round, numRuns: cases, verbose: 0 });
        } catch (error) {
          throw new Error(
            `${world.engine}, ${name}: replay by --engine ${world.engine} --seed ${seed + round}\n${(error as Error).message}`,
            { cause: (error as Error).cause },
          );
        }
      }
    }
  } finally {
    await stage.close();
  }
  return played;
}

/** A case, and what holds after each: everything of others is as it was, and nothing is left of it. */
async function playCase<Drawn>(stage: Stage, game: Game<Drawn>, drawn: Drawn): Promise<void> {
  const changedPrototypes = watchPrototypes();
  try {
    await withoutLooseRejections(() => game.play(stage, drawn));
    assertSame(changedPrototypes(), [], 'what was changed of the prototypes of all objects');
    await stage.bystanders.check();
  } catch (error) {
    changedPrototypes();
    // so that a smaller case begins as this one did
    await stage.bystanders.settle();
    throw error;
  }
}
