import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** A worker in a process of its own. */
export interface WorkerProcess {
  readonly language: 'Python' | 'Node';
  /** Sends a user's message and gives the agent's answer. */
  say(conversation: string, text: string): Promise<string>;
  /** The conversation as this worker sees it. */
  items(conversation: string): Promise<Record<string, unknown>[]>;
  end(): Promise<void>;
}

/**
 * Starts a worker and waits until it listens.
 *
 * @param environment - What it finds in its environment besides ours: it may hold passwords, which arguments of a
 * process would show to everybody.
 * @throws Error if it ends instead. What it had to say stands on the standard error stream.
 */
export async function startWorker(
  language: WorkerProcess['language'],
  [program, ...args]: readonly [string, ...string[]],
  environment: NodeJS.ProcessEnv,
): Promise<WorkerProcess> {
  const child = spawn(program, args, {
    env: { ...process.env, ...environment },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  const port = once(createInterface({ input: child.stdout }), 'line') as Promise<[string]>;
  const failed = ended.then(() => Promise.reject(new Error(`The ${language} worker did not start.`)));
  failed.catch(() => {}); // it is only of interest until the port is known
  const [number] = await Promise.race([port, failed]);
  const call = async (conversation: string, init?: RequestInit): Promise<unknown> => {
    const url = `http://127.0.0.1:${number}/conversations/${encodeURIComponent(conversation)}`;
    const response = await fetch(url, init);
    if (!response.ok) throw new Error(`The ${language} worker answered: ${await response.text()}`);
    return response.json();
  };
  return {
    language,
    async say(conversation, text) {
      const body = JSON.stringify({ text });
      const headers = { 'content-type': 'application/json' };
      return ((await call(conversation, { method: 'POST', headers, body })) as { answer: string }).answer;
    },
    items: (conversation) => call(conversation) as Promise<Record<string, unknown>[]>,
    async end() {
      child.stdin.end();
      await ended;
    },
  };
}
