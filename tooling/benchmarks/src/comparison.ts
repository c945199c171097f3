import type { SessionStore } from '@stackone/openai-agents-js-sessions';
import { spread } from './statistics.ts';

/** What one round measures on one of a pair: the time of one call, in ms. Whatever the call needs is made ready before. */
export type Measure<One = SessionStore> = (one: One) => Promise<number>;

/** Two stores, or two ways, that differ in one thing. */
export type Pair<One = SessionStore> = readonly [first: One, second: One];

/** In ms: how often the rounds are shown at most. */
const PROGRESS = 5000;

/**
 * Measures both of a pair in turns, after one round that does not count. Standard error says how far it is.
 *
 * @returns A line of a table: the title, the times of both, and the median of their ratios, with quartiles in brackets.
 */
export async function compared<One>(
  title: string,
  pair: Pair<One>,
  rounds: number,
  measure: Measure<One>,
): Promise<string[]> {
  const [first, second]: [number[], number[]] = [[], []];
  let shownAt = performance.now();
  for (let round = 0; round <= rounds; round++) {
    const times = [0, 0];
    for (const which of round % 2 === 0 ? [0, 1] : [1, 0]) {
      times[which] = await measure(pair[which] as One);
    }
    if (performance.now() - shownAt > PROGRESS) {
      shownAt = performance.now();
      console.error(`${title}: ${round} of ${rounds} rounds`);
    }
    if (round === 0) continue;
    first.push(times[0] as number);
    second.push(times[1] as number);
  }
  const ratios = second.map((time, round) => time / (first[round] as number));
  return [title, shown(first, 3), shown(second, 3), shown(ratios, 2)];
}

function shown(values: readonly number[], digits: number): string {
  const { median, lower, upper } = spread(values);
  return `${median.toFixed(digits)} (${lower.toFixed(digits)}-${upper.toFixed(digits)})`;
}
