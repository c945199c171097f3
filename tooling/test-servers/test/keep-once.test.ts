import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { keepOnce } from '../src/keep-once.ts';

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'kept-'));
  vi.stubEnv('TEST_SERVERS_HOME', home);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(home, { recursive: true });
});

test('makes a folder once, also for two at the same time', async () => {
  const make = vi.fn((part: string) => writeFile(join(part, 'file'), 'text'));
  const [one, other] = await Promise.all([keepOnce('thing', make), keepOnce('thing', make)]);
  await keepOnce('thing', make);
  expect(one).toBe(other);
  expect(make).toHaveBeenCalledTimes(1);
  expect(await readdir(home)).toEqual(['thing']);
});

test('another process may be first: its folder is taken', async () => {
  const folder = await keepOnce('thing', async (part) => {
    await writeFile(join(part, 'file'), 'second');
    await mkdir(join(home, 'thing'));
    await writeFile(join(home, 'thing/file'), 'first');
  });
  expect(await readFile(join(folder, 'file'), 'utf8')).toBe('first');
  expect(await readdir(home)).toEqual(['thing']);
});

test('a failure leaves nothing behind and is tried again', async () => {
  const fails = keepOnce('thing', async (part) => {
    await writeFile(join(part, 'half'), '');
    throw new Error('no network');
  });
  await expect(fails).rejects.toThrow('no network');
  expect(await readdir(home)).toEqual([]);
  await keepOnce('thing', async () => {});
  expect(existsSync(join(home, 'thing'))).toBe(true);
});

test('what a killed process left half done is removed, what a living one makes is not', async () => {
  const dead = spawn(process.execPath, ['-e', '']);
  await once(dead, 'exit');
  await mkdir(join(home, `thing.part-${dead.pid}`));
  await mkdir(join(home, `thing.part-${process.ppid}`));
  await keepOnce('thing', async () => {});
  expect((await readdir(home)).sort()).toEqual(['thing', `thing.part-${process.ppid}`]);
});

test('a folder that others may write to is refused', async () => {
  await rm(home, { recursive: true });
  await mkdir(home);
  await chmod(home, 0o777);
  await expect(keepOnce('thing', async () => {})).rejects.toThrow('only we can write to');
});
