import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/**
 * A program that does not end by itself is held by its idle connections for 30 s, or for ever. In ms, between that and what
 * the end of a program takes on a busy machine.
 */
export const ENDS_BY_ITSELF = 20_000;

/** What a program said, and how it ended. */
export interface Ended {
  readonly output: string;
  readonly code: number | null;
  /** From its last output to its end, in ms. */
  readonly lingered: number;
}

/** Runs a program of this folder in a process of its own. It uses the built package. */
export async function runProgram(name: string, settings: Readonly<Record<string, string>>): Promise<Ended> {
  const file = fileURLToPath(new URL(`./programs/${name}`, import.meta.url));
  const child = spawn(process.execPath, [file], {
    env: { ...process.env, ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let last = performance.now();
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data) => {
      output += data;
      last = performance.now();
    });
  }
  const code = await new Promise<number | null>((resolve) => child.once('exit', resolve));
  return { output, code, lingered: performance.now() - last };
}
