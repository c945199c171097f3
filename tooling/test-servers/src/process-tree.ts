import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

/** The children of a process; empty if it has none or is gone. */
export function childrenOf(pid: number): number[] {
  const text = existsSync('/proc/self/task')
    ? textOf(`/proc/${pid}/task/${pid}/children`)
    : (spawnSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' }).stdout ?? '');
  return text.split(/\s+/).filter(Boolean).map(Number);
}

/** Of a process that may end before it is read, or while it is. */
function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH') return '';
    throw error;
  }
}

/**
 * SIGKILL to a process and all below it, as the machine's end would come to them: nothing is flushed, no
 * client gets a last message. The children are listed first, for they lose their parent with its death.
 */
export function killTree(pid: number): void {
  const below = childrenOf(pid);
  sendSignal(pid, 'SIGKILL');
  for (const child of below) killTree(child);
}

/** A signal to a process and all below it, which may still be there or not. */
export function signalTree(pid: number, signal: NodeJS.Signals): void {
  for (const one of [pid, ...childrenOf(pid)]) {
    if (one !== pid) signalTree(one, signal);
    else sendSignal(one, signal);
  }
}

/** To a process that may have ended. */
function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Whether a process of this id is there, ours or another user's. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
