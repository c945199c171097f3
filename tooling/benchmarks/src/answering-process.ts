import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';

/** A process of a file of this folder, which answers each message with one. */
export class AnsweringProcess {
  readonly #process: ChildProcess;
  readonly #errors: string[] = [];

  constructor(file: URL) {
    this.#process = fork(file, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    this.#process.stderr?.setEncoding('utf8').on('data', (text: string) => this.#errors.push(text));
  }

  /** @throws Error if it ends, or does not answer in time (in ms). */
  async ask<Answer>(message: object, time: number): Promise<Answer> {
    const over = new AbortController();
    const { signal } = over;
    this.#process.send(message);
    try {
      return await Promise.race([
        once(this.#process, 'message', { signal }).then(([answer]) => answer as Answer),
        once(this.#process, 'close', { signal }).then(() => {
          throw new Error(`a process ended without an answer: ${this.#errors.join('')}`);
        }),
        wait(time, undefined, { signal }).then(() => {
          throw new Error(`a process did not answer within ${time / 1000} s`);
        }),
      ]);
    } finally {
      over.abort();
    }
  }

  /** At once. */
  end(): void {
    this.#process.kill('SIGKILL');
  }
}

/** The only answer of a fresh process. */
export async function answerOf<Answer>(file: URL, message: object, time: number): Promise<Answer> {
  const fresh = new AnsweringProcess(file);
  try {
    return await fresh.ask<Answer>(message, time);
  } finally {
    fresh.end();
  }
}
