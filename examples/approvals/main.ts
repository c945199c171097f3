import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** An ignored folder of the project. */
const FOLDER = resolve(import.meta.dirname, '../../.data');

const { DATABASE_URL, PORT = '3000' } = process.env;
if (!DATABASE_URL) mkdirSync(FOLDER, { recursive: true });

const running = new Set<ChildProcess>();
let ending = false;

function start(program: string, port = PORT): void {
  const child = spawn(process.execPath, [join(import.meta.dirname, program)], {
    env: {
      SLOW_MS: '10000',
      ...process.env,
      DATABASE_URL: DATABASE_URL || `sqlite:${join(FOLDER, 'approvals.db')}`,
      PORT: port,
    },
    stdio: 'inherit',
  });
  running.add(child);
  child.once('exit', (code, signal) => {
    running.delete(child);
    if (ending) return;
    if (signal !== 'SIGKILL') return end(code ?? 1); // it cannot work, and has said why
    console.log(`Process ${child.pid} was killed: a new one takes its place, as anywhere`);
    start(program, port);
  });
}

function end(code: number): void {
  ending = true;
  process.exitCode = code;
  for (const child of running) child.kill();
}

process.on('SIGTERM', () => end(0));
process.on('SIGINT', () => end(0));
start('server.ts');
start('server.ts', String(Number(PORT) + 1)); // another process: whoever approves need not be where it was asked
start('worker.ts');
start('worker.ts');
