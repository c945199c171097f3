// The guardian: a small process that is the parent of every server its owner starts. It holds one end of a
// channel to the owner; the kernel closes the other end when the owner ends, however it ends, and the guardian
// then ends the servers, removes their folders and goes. It is its own session: a Ctrl-C in the owner's
// terminal does not reach it before it has done that.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { closeSync, openSync, rmSync } from 'node:fs';
import type { GuardedCommand, GuardianOrder, GuardianReport } from './guardian.ts';
import { killTree } from './process-tree.ts';

/** PostgreSQL frees its shared memory when it is told to end, which it does at once; then no more waiting. */
const GRACE_MS = 3000;

const children = new Map<number, { child: ChildProcess; command: GuardedCommand }>();
/** Every command ever started: its folder, and the container of a killed one, are still to be removed. */
const commands = new Map<string, GuardedCommand>();

const report = (message: GuardianReport) => {
  if (process.connected) process.send?.(message);
};

function start(id: number, command: GuardedCommand): void {
  commands.set(command.folder, command);
  const log = openSync(command.log, 'a');
  const { cwd, uid, gid, env } = command;
  const child = spawn(command.command, command.args, {
    cwd,
    env: { ...process.env, ...env },
    ...(uid === undefined || gid === undefined ? {} : { uid, gid }),
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  child.once('error', (error) => report({ kind: 'failed', id, message: error.message }));
  child.once('spawn', () => report({ kind: 'started', id, pid: child.pid ?? -1 }));
  child.once('exit', (code, signal) => {
    children.delete(id);
    report({ kind: 'exited', id, code, signal });
  });
  if (child.pid !== undefined) children.set(id, { child, command });
}

process.on('message', (order: GuardianOrder) => {
  if (order.kind === 'start') start(order.id, order.command);
  else if (order.kind === 'signal') children.get(order.id)?.child.kill(order.signal);
  else if (order.kind === 'crash') {
    const pid = children.get(order.id)?.child.pid;
    if (pid !== undefined) killTree(pid);
  } else commands.delete(order.folder);
});

process.once('disconnect', async () => {
  for (const { child, command } of children.values()) child.kill(command.endSignal);
  const deadline = Date.now() + GRACE_MS;
  while (children.size > 0 && Date.now() < deadline) await new Promise((resume) => setTimeout(resume, 10));
  for (const { child } of children.values()) if (child.pid !== undefined) killTree(child.pid);
  for (const { afterwards, folder } of commands.values()) {
    if (afterwards) spawnSync(afterwards.command, afterwards.args, { stdio: 'ignore' });
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  }
  process.exit(0);
});
