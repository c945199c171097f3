import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test, vi } from 'vitest';
import { describeEngine } from '../src/describe-engine.ts';
import { childrenOf, isAlive } from '../src/process-tree.ts';
import { fixtureCommand } from './fixtures/fixture-command.ts';

const PATIENCE_MS = 100_000;

/** What an owner of a server says of it. */
interface Owned {
  pid: number;
  folder: string;
  guardian: number;
}

/** A process that starts a server of its own. */
async function owner(target: string): Promise<{ process: ChildProcess; owned: Owned }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'owner-process.ts'), target], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  for await (const line of createInterface(child.stdout)) {
    if (line.startsWith('{')) return { process: child, owned: JSON.parse(line) as Owned };
  }
  throw new Error(`the owner of ${target} ended without a server`);
}

/** Some of them, like a worker of PostgreSQL's autovacuum, end by themselves at any time. */
const allBelow = (pid: number): number[] => childrenOf(pid).flatMap((child) => [child, ...allBelow(child)]);

describeEngine(['postgres:18', 'mysql', 'mariadb:11.8', 'pgbouncer'], ({ target }) => {
  test('SIGKILL of its owner ends it and removes its folder', async () => {
    const { process: child, owned } = await owner(target);
    const all = [owned.pid, owned.guardian, ...allBelow(owned.pid)];
    expect([owned.pid, owned.guardian].filter(isAlive)).toEqual([owned.pid, owned.guardian]);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await vi.waitFor(() => expect(all.filter(isAlive)).toEqual([]), { timeout: PATIENCE_MS });
    expect(existsSync(owned.folder)).toBe(false);
  });
});

describeEngine('postgres:18', () => {
  test('SIGKILL of the test run ends its servers and those of its files', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'pids-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const file = join(folder, 'pids.json');
    const { command, args, env } = fixtureCommand('hang', { PIDS_FILE: file });
    const run = spawn(command, args, { env, stdio: 'ignore' });
    onTestFinished(() => void run.kill('SIGKILL'));
    const read = async () => JSON.parse(await readFile(file, 'utf8')) as number[];
    const pids = await vi.waitFor(read, { timeout: PATIENCE_MS, interval: 100 });
    const all = pids.flatMap((pid) => [pid, ...allBelow(pid)]);
    expect(all.length).toBeGreaterThan(10);
    expect(pids.filter(isAlive)).toEqual(pids);
    run.kill('SIGKILL');
    await vi.waitFor(() => expect(all.filter(isAlive)).toEqual([]), { timeout: PATIENCE_MS });
  });
});

describeEngine('postgres:18', ({ target }) => {
  test('the death of the guardian ends it too', async () => {
    const { owned } = await owner(target);
    process.kill(owned.guardian, 'SIGKILL');
    await vi.waitFor(() => expect([owned.pid].filter(isAlive)).toEqual([]), { timeout: PATIENCE_MS });
    await vi.waitFor(() => expect(existsSync(owned.folder)).toBe(false), { timeout: PATIENCE_MS });
  });
});

describeEngine(['postgres:18', 'mysql', 'mariadb:10.11'], { own: true }, ({ server, url }) => {
  test('kill() leaves no process, restart() has what was committed', async () => {
    const database = new URL(url).pathname.slice(1);
    await server.query('CREATE TABLE kept (a INT)', database);
    await server.query('INSERT INTO kept VALUES (7)', database);
    const all = [server.pid, ...allBelow(server.pid)];
    await expect(server.restart()).rejects.toThrow(/is running/);
    await server.kill();
    await vi.waitFor(() => expect(all.filter(isAlive)).toEqual([]), { timeout: PATIENCE_MS });
    await expect(server.query('SELECT 1')).rejects.toThrow();
    await server.restart();
    await expect(server.query('SELECT a FROM kept', database)).resolves.toEqual([{ a: 7 }]);
  });

  test('restart() waits for what a process that dies still holds', async () => {
    await server.kill();
    const holder = createServer((socket) => socket.destroy());
    await once(holder.listen(server.port, '127.0.0.1'), 'listening');
    const restarted = server.restart();
    const log = () => readFile(join(server.folder, 'server.log'), 'utf8');
    await vi.waitFor(async () => expect(await log()).toMatch(/address already in use/i), {
      timeout: PATIENCE_MS,
    });
    holder.close();
    await restarted;
    await expect(server.query('SELECT 1 AS a')).resolves.toEqual([{ a: 1 }]);
  });

  test('stop() leaves no process and no folder', async () => {
    const all = [server.pid, ...allBelow(server.pid)];
    await server.stop();
    await vi.waitFor(() => expect(all.filter(isAlive)).toEqual([]), { timeout: PATIENCE_MS });
    expect(existsSync(server.folder)).toBe(false);
    await server.stop();
  });
});
