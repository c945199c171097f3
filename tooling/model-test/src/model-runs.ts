/**
 * How many sequences a test plays: `MODEL_RUNS`; else `whole` where the whole matrix is tested (`TEST_MATRIX=all`), and a
 * twentieth of them where not.
 */
export function modelRuns(whole: number): number {
  const usual = process.env.TEST_MATRIX === 'all' ? whole : Math.ceil(whole / 20);
  return Number(process.env.MODEL_RUNS ?? usual);
}

/** The time limit of a test that plays so many sequences, in ms: what hangs ends then, however busy the machine. */
export function modelTimeout(runs: number): number {
  return 300_000 + runs * 1000;
}

/** Sequences that are played at the same time, so that servers are kept busy. */
export const SIDE_BY_SIDE = 4;

/** Fewer sequences cannot draw every call: from so many on a test fails if one was left out. */
export const COVERING_RUNS = 300;
