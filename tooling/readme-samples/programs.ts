import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import ts from 'typescript';
import type { Sample } from './readmes.ts';

/** Inside of this package, so that samples find what it depends on. Each run begins with an empty one. */
const FOLDER = join(import.meta.dirname, '.samples');

/** Longer than any sample takes, also where its program does not end by itself. */
const DEADLINE = 120_000;

/** How a sample ended. */
export interface Ending {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Empties the folder of the samples. */
export function clearPrograms(): void {
  rmSync(FOLDER, { recursive: true, force: true });
}

/** Writes a sample into a folder of its own, and returns the file. */
export function writeProgram(folder: string, { language, code }: Sample): string {
  const extension = /\brequire\(/.test(code) ? `c${language}` : `m${language}`;
  const file = join(FOLDER, folder, `sample.${extension}`);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, code);
  return file;
}

/** What the compiler has to say about files, under `strict`: its messages by file. */
export function compilerMessages(files: readonly string[]): Map<string, string[]> {
  const program = ts.createProgram([...files], {
    target: ts.ScriptTarget.ES2023,
    lib: ['lib.es2024.d.ts', 'lib.esnext.disposable.d.ts'],
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    types: ['node'],
    strict: true,
    noUncheckedIndexedAccess: true,
    allowJs: true,
    checkJs: true,
    noEmit: true,
    skipLibCheck: true,
  });
  const messages = new Map<string, string[]>();
  for (const { file, start = 0, messageText } of ts.getPreEmitDiagnostics(program)) {
    const name = file?.fileName ?? '';
    const line = file ? ts.getLineAndCharacterOfPosition(file, start).line + 1 : 0;
    const message = `line ${line}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
    messages.set(name, [...(messages.get(name) ?? []), message]);
  }
  return messages;
}

/** Whether a program is a server that ends when it is told to, and not by itself. */
export function isServer(code: string): boolean {
  return code.includes("process.on('SIGTERM'");
}

/**
 * Runs a file in its folder, as `node` does for a user, except that a stand-in answers for the model. A server is told to end when it
 * has said that it listens.
 */
export async function runProgram(file: string, environment: NodeJS.ProcessEnv): Promise<Ending> {
  const { OPENAI_API_KEY, NODE_OPTIONS, NODE_ENV, ...inherited } = process.env;
  const preload = new URL('./offline.ts', import.meta.url).href;
  const child = spawn(process.execPath, ['--import', preload, basename(file)], {
    cwd: dirname(file),
    env: { ...inherited, PORT: '0', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: DEADLINE,
  });
  const exit = once(child, 'close');
  if (isServer(readFileSync(file, 'utf8'))) child.stdout.once('data', () => child.kill('SIGTERM'));
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = (await exit) as [number | null];
  return { code, stdout, stderr };
}
