import { runIncompatible } from './run-errors.js';

/** In which form something is kept of a run: written when it begins, read before somebody goes on. */
export interface RunFormat {
  /** The form of what this package keeps. */
  readonly format: number;
  /** The schema of the SDK that made the answers and the items: that of its `RunState`, such as `1.22`. */
  readonly sdk: string;
}

/** Grows when a version of this package keeps what earlier ones cannot read. */
const FORMAT = 1;

let own: Promise<RunFormat> | undefined;

/** What this process writes, and the newest that it reads. */
export function ownFormat(): Promise<RunFormat> {
  own ??= sdkSchema().then((sdk) => ({ format: FORMAT, sdk }));
  return own;
}

async function sdkSchema(): Promise<string> {
  const { Agent, RunContext, RunState } = await import('@openai/agents-core');
  return new RunState(new RunContext(), '', new Agent({ name: 'any' }), 1).toJSON().$schemaVersion;
}

/** Whether this process can go on with what is kept: nothing of it is newer than what it writes. */
export function isReadable(kept: Partial<RunFormat>, { format, sdk }: RunFormat): boolean {
  return (kept.format ?? 1) <= format && !isNewer(kept.sdk ?? sdk, sdk);
}

/** @throws SessionError `RUN_INCOMPATIBLE` */
export function checkReadable(runId: string, kept: Partial<RunFormat>, reader: RunFormat): void {
  if (isReadable(kept, reader)) return;
  throw runIncompatible(runId, kept.sdk ?? 'none', reader.sdk);
}

function isNewer(one: string, other: string): boolean {
  const [[major = 0, minor = 0], [otherMajor = 0, otherMinor = 0]] = [numbersIn(one), numbersIn(other)];
  return major === otherMajor ? minor > otherMinor : major > otherMajor;
}

function numbersIn(version: string): number[] {
  return version.split('.').map(Number);
}
