import type {} from 'vitest';

declare module 'vitest' {
  interface ProvidedContext {
    /** Port of 127.0.0.1 on which the run's main process gives out servers. */
    testServersPort: number;
  }
}

/** Begins the name of a suite that is skipped because its engine is not to be had. */
export const NOT_HERE = 'not here:';
