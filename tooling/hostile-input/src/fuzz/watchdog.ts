import { Worker } from 'node:worker_threads';

/** A case that blocks the thread for so long, in ms, will not end. */
const LONGEST = 120_000;

const GUARD = `
const { workerData: { beats, what, longest } } = require('node:worker_threads');
for (let last = -1; ; ) {
  const beat = Atomics.load(beats, 0);
  if (beat === last) {
    require('node:fs').writeSync(2, 'A case blocks the thread: ' + what + '\\n');
    process.kill(process.pid, 'SIGKILL');
  }
  last = beat;
  Atomics.wait(beats, 1, 0, longest);
}`;

/** Ends the process, with the reason, where a case never gives the thread back: no timer can do that. */
export function watchdog(what: string): Disposable & { alive(name: string): void } {
  const beats = new Int32Array(new SharedArrayBuffer(8));
  const worker = new Worker(GUARD, { eval: true, workerData: { beats, what, longest: LONGEST } });
  worker.unref();
  return {
    alive: () => void Atomics.add(beats, 0, 1),
    [Symbol.dispose]: () => void worker.terminate(),
  };
}
