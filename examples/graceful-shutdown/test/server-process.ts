import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

/** How a process ended. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A server in a process of its own. */
export class ServerProcess {
  readonly #child: ChildProcess;
  readonly #port: string;
  /** Resolves when the process has ended. */
  readonly ended: Promise<Ending>;

  private constructor(child: ChildProcess, port: string, ended: Promise<Ending>) {
    this.#child = child;
    this.#port = port;
    this.ended = ended;
  }

  /**
   * Starts a program and waits until it listens.
   *
   * @throws Error if it ends instead. What it had to say stands on the standard error stream.
   */
  static async start(program: string, environment: Readonly<Record<string, string>>): Promise<ServerProcess> {
    const child = spawn(process.execPath, [program], {
      env: { ...process.env, PORT: '0', ...environment },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(child, 'exit').then(([code, signal]) => ({ code, signal }) as Ending);
    const listening = portIn(createInterface({ input: child.stdout }));
    const port = await Promise.race([listening, ended]);
    if (typeof port === 'string') return new ServerProcess(child, port, ended);
    throw new Error(`The server did not start: ${JSON.stringify(port)}`);
  }

  /** Sends a message to a conversation; gives the answer, or what became of the request. */
  async say(chat: string, message: string, signal?: AbortSignal): Promise<string> {
    try {
      const url = `http://127.0.0.1:${this.#port}/${chat}`;
      const response = await fetch(url, { method: 'POST', body: message, ...(signal && { signal }) });
      return response.ok ? await response.text() : `status ${response.status}`;
    } catch (error) {
      return `no answer: ${(error as Error).name}`;
    }
  }

  send(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Waits until it takes no new connection. */
  async refusesConnections(): Promise<void> {
    let socket: Socket;
    do {
      socket = connect(Number(this.#port), '127.0.0.1');
      await Promise.race([once(socket, 'connect'), once(socket, 'close')]).catch(() => {});
      socket.destroy();
    } while (!socket.errored);
  }

  /** For the end of a test that failed: a process that has ended is not affected. */
  kill(): void {
    this.#child.kill('SIGKILL');
  }
}

async function portIn(lines: AsyncIterable<string>): Promise<string> {
  let said = '';
  for await (const line of lines) {
    said += line;
    const port = /port: (\d+)/.exec(said)?.[1];
    if (port !== undefined) return port;
  }
  return new Promise(() => {}); // its end is told by the process
}
