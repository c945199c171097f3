import { mkdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';

const BEAT_MS = 1_000;
const SILENCE_MS = 30_000;

/**
 * Runs `work` while no other process holds the lock file. The holder touches the file every second, so that a holder
 * in another container (whose process id says nothing here) can be told from one that is gone.
 * @template T
 * @param {string} path
 * @param {() => void} onWait
 * @param {() => Promise<T>} work
 */
export async function withLock(path, onWait, work) {
  mkdirSync(dirname(path), { recursive: true });
  const own = JSON.stringify({ pid: process.pid, host: hostname(), since: Date.now() });
  await take(path, own, onWait);
  // after a long suspension the lock may have passed to another process: then it is no longer ours to touch
  const isOwn = () => readHolder(path)?.text === own;
  const beat = setInterval(() => {
    const now = new Date();
    if (isOwn()) utimesSync(path, now, now);
  }, BEAT_MS);
  try {
    return await work();
  } finally {
    clearInterval(beat);
    if (isOwn()) rmSync(path, { force: true });
  }
}

/**
 * @param {string} path
 * @param {string} own
 * @param {() => void} onWait
 */
async function take(path, own, onWait) {
  let told = false;
  let seen = '';
  let seenAt = 0;
  for (;;) {
    try {
      writeFileSync(path, own, { flag: 'wx' });
      return;
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
    }
    const holder = readHolder(path);
    if (holder) {
      if (holder.sign !== seen) {
        seen = holder.sign;
        seenAt = performance.now();
      }
      if (isGone(holder.text) || performance.now() - seenAt > SILENCE_MS) {
        discard(path);
        continue;
      }
      if (!told) onWait();
      told = true;
    }
    await sleep(100);
  }
}

/** @param {string} path */
function readHolder(path) {
  try {
    const text = readFileSync(path, 'utf8');
    return { text, sign: `${text} ${statSync(path).mtimeMs}` };
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined; // released just now
    throw error;
  }
}

/** @param {string} text */
function isGone(text) {
  if (text === '') return false; // created, not yet written
  const { pid, host } = JSON.parse(text);
  if (host !== hostname()) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return codeOf(error) === 'ESRCH';
  }
}

/**
 * Renamed first: of several waiters only one can succeed.
 * @param {string} path
 */
function discard(path) {
  const aside = `${path}.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return;
    throw error;
  }
  rmSync(aside, { force: true });
}

/** @param {unknown} error */
function codeOf(error) {
  return /** @type {NodeJS.ErrnoException} */ (error).code;
}
