import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type PythonSdkVersion, pythonWithSdk } from './environment.ts';

const WORKER = join(import.meta.dirname, '../python/worker.py');

/** An item as the Python SDK has it: a row of the Responses API. */
export type PythonItem = Record<string, unknown>;

/** Where the Python SDK finds a conversation. */
interface PythonSessionOptions {
  readonly sessionId: string;
  /** SQLAlchemy's URL, for `SQLAlchemySession`. */
  readonly url?: string;
  /** A file, for `SQLiteSession`. */
  readonly path?: string;
  /** For `EncryptedSession` around it. */
  readonly key?: string;
  /** In s. */
  readonly ttl?: number;
  readonly createTables?: boolean;
}

/** A session of the Python SDK. */
export interface PythonSession {
  add(items: readonly PythonItem[]): Promise<void>;
  get(limit?: number): Promise<PythonItem[]>;
  pop(): Promise<PythonItem | null>;
  clear(): Promise<void>;
  /**
   * Runs an agent that has a tool `get_weather(city)`.
   *
   * @param outputs - What its model answers, a list of Responses items for each call.
   * @returns Its final output, and what its model was handed, call by call.
   */
  run(
    input: string,
    outputs: readonly (readonly PythonItem[])[],
  ): Promise<{ output: string; inputs: PythonItem[][] }>;
  close(): Promise<void>;
}

/** The Python SDK in a process of its own. */
export interface PythonSdk extends AsyncDisposable {
  session(options: PythonSessionOptions): Promise<PythonSession>;
  /** What the SDK's own types say of each item: nothing, or the reason why it is none. */
  validate(items: readonly PythonItem[]): Promise<(string | null)[]>;
  /** Opens Fernet tokens with what `EncryptedSession` makes of a key. */
  decrypt(key: string, sessionId: string, tokens: readonly string[]): Promise<string[]>;
  encrypt(key: string, sessionId: string, texts: readonly string[]): Promise<string[]>;
}

/** Starts the Python SDK. Disposing of it ends the process. */
export async function startPythonSdk(version: PythonSdkVersion): Promise<PythonSdk> {
  const child = spawn(await pythonWithSdk(version), [WORKER], { stdio: ['pipe', 'pipe', 'inherit'] });
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  createInterface(child.stdout).on('line', (line) => {
    const { number, result, error } = JSON.parse(line) as { number: number; result: unknown; error?: string };
    const call = waiting.get(number);
    waiting.delete(number);
    if (error === undefined) call?.resolve(result);
    else call?.reject(new Error(error));
  });
  child.once('exit', (code) => {
    for (const { reject } of waiting.values()) reject(new Error(`Python ended with code ${code}`));
  });
  let last = 0;
  const call = <T>(name: string, args: Record<string, unknown>): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      const number = ++last;
      waiting.set(number, { resolve: resolve as (value: unknown) => void, reject });
      child.stdin.write(`${JSON.stringify({ number, call: name, args })}\n`);
    });

  return {
    async session({ sessionId, createTables, ...options }) {
      const name = `session ${++last}`;
      const given = createTables === undefined ? {} : { create_tables: createTables };
      await call('open', { name, session_id: sessionId, ...given, ...options });
      return {
        add: (items) => call('add', { name, items }),
        get: (limit) => call('get', { name, limit: limit ?? null }),
        pop: () => call('pop', { name }),
        clear: () => call('clear', { name }),
        run: (input, outputs) => call('run', { name, input, outputs }),
        close: () => call('close', { name }),
      };
    },
    validate: (items) => call('validate', { items }),
    decrypt: (key, sessionId, tokens) => call('decrypt', { key, session_id: sessionId, tokens }),
    encrypt: (key, sessionId, texts) => call('encrypt', { key, session_id: sessionId, texts }),
    async [Symbol.asyncDispose]() {
      const ended = once(child, 'exit');
      child.stdin.end();
      await ended;
    },
  };
}
