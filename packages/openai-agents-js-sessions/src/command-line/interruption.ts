import { constants } from 'node:os';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Somebody asked the program to end. It is the `reason` of the signal that commands look at. */
export class Interrupted extends Error {
  readonly exitCode: number;

  constructor(signal: NodeJS.Signals) {
    super('Interrupted.');
    this.exitCode = 128 + constants.signals[signal];
  }
}

/**
 * Does something that ends early, at a place of its own choice, when the process is asked to end. Asked once more it ends at once.
 *
 * @throws what `work` throws; `Interrupted`, where it throws the signal's reason.
 */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const interruption = new AbortController();
  const onSignal = (signal: NodeJS.Signals) => {
    for (const name of SIGNALS) process.off(name, onSignal);
    interruption.abort(new Interrupted(signal));
  };
  for (const name of SIGNALS) process.on(name, onSignal);
  try {
    return await work(interruption.signal);
  } finally {
    for (const name of SIGNALS) process.off(name, onSignal);
  }
}
