// Runs in a network namespace of its own, see own-network.ts: passes connections on to a socket in the file system, starts the
// client in a second namespace, and runs the commands that it is given, a line of JSON each.
import { execFileSync, spawn } from 'node:child_process';
import { connect, createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { CLIENT_PROCESS, type Order, type Report } from './own-network-orders.ts';
import type { Command } from './own-network-tools.ts';

const [socketPath = '', ...command] = process.argv.slice(2);
const ip = JSON.parse(process.env.OWN_NETWORK_IP ?? '["ip"]') as Command;
const open = new Set<Socket>();
const report = (message: Report) => process.stdout.write(`${JSON.stringify(message)}\n`);

// a client that has gone without a word is noticed within some seconds
const relay = createServer({ keepAlive: true, keepAliveInitialDelay: 1000 }, (inside) => {
  const outside = connect(socketPath);
  open.add(inside);
  inside.pipe(outside).pipe(inside);
  inside.on('error', () => outside.destroy()).on('close', () => open.delete(inside));
  outside.on('error', () => inside.destroy());
});

const client = spawn('unshare', ['--net', ...command], { stdio: ['pipe', 'pipe', 'inherit'] });
createInterface(client.stdout).on('line', (line) => report({ client: line }));
client.on('exit', () => process.exit());

async function carryOut(order: Order): Promise<void> {
  if ('listen' in order) {
    await new Promise<void>((resolve, reject) => {
      relay.once('error', reject).listen(order.listen, resolve);
    });
  } else if ('run' in order) {
    const enter = order.as === 'client' ? ['nsenter', `--target=${client.pid}`, '--net'] : [];
    const words = order.run.flatMap((word) =>
      word === 'ip' ? ip : word === CLIENT_PROCESS ? `${client.pid}` : word,
    );
    const [program = '', ...args] = [...enter, ...words];
    execFileSync(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  } else if ('reset' in order) {
    for (const socket of open) socket.resetAndDestroy();
  } else {
    client.stdin.write('\n');
  }
}

for await (const line of createInterface(process.stdin)) {
  try {
    await carryOut(JSON.parse(line) as Order);
    report({ done: true });
  } catch (error) {
    report({ failed: String(error) });
  }
}
client.kill('SIGKILL');
