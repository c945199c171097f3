/** How much is measured where nobody says. Apart from what measures, which loads the stores. */
export const BENCH_DEFAULTS = { rounds: 20, callers: 64, items: 1000 } as const;
