import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

const CHAT = join(import.meta.dirname, '../chat.ts');

/** How a chat ended, and what it printed: without colours. */
export interface Ending {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

/** An environment in which the offline stand-in answers, unless the test says otherwise. */
function environment(extra: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const { OPENAI_API_KEY, FORCE_COLOR, NODE_OPTIONS, ...inherited } = process.env;
  return { ...inherited, NO_COLOR: '1', ...extra };
}

/** A chat in a child process, without a terminal. */
export async function chat(args: readonly string[], extra?: NodeJS.ProcessEnv): Promise<Ending> {
  const process_ = start(process.execPath, [CHAT, ...args], { env: environment(extra) });
  process_.child.stdin?.end();
  return process_.ended();
}

/** A chat in a child process behind a pseudo terminal, made by `script`. */
export class TerminalChat {
  readonly #process: Started;

  constructor(args: readonly string[], extra?: NodeJS.ProcessEnv) {
    const words = [process.execPath, CHAT, ...args];
    const command = words.map((word) => `'${word}'`).join(' ');
    const script =
      process.platform === 'darwin' ? ['-q', '/dev/null', ...words] : ['-qec', command, '/dev/null'];
    this.#process = start('script', script, { env: environment(extra) });
  }

  /** Presses keys. */
  type(keys: string): void {
    this.#process.child.stdin?.write(keys);
  }

  /** Waits until `text` was shown `times` times. */
  async shows(text: string, times = 1): Promise<void> {
    while (this.#process.output().split(text).length <= times) {
      if (this.#process.child.exitCode !== null) {
        throw new Error(`The chat ended without “${text}”:\n${this.#process.output()}`);
      }
      await wait(20);
    }
  }

  ended(): Promise<Ending> {
    return this.#process.ended();
  }
}

interface Started {
  readonly child: ChildProcess;
  output(): string;
  ended(): Promise<Ending>;
}

function start(program: string, args: readonly string[], options: SpawnOptions): Started {
  const child = spawn(program, args, { ...options, stdio: 'pipe' });
  const exit = once(child, 'close');
  const printed = { output: '', errors: '' };
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    printed.output += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    printed.errors += text;
  });
  return {
    child,
    output: () => printed.output,
    ended: async () => {
      const [code] = (await exit) as [number | null];
      return { code, ...printed };
    },
  };
}
