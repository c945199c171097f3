import { setTimeout as wait } from 'node:timers/promises';
import type { TortureScene } from '@stackone/openai-agents-js-sessions/torture';
import { type ArenaFault, between } from './arena.ts';
import { type ServerGround, TIME_LIMIT } from './server-ground.ts';
import type { ServerOrders, Switch } from './server-orders.ts';

type Fault = ArenaFault<ServerGround>;

/**
 * What administrators do to servers, and what becomes of these.
 *
 * @param isLong - A server is stopped for 30 s, and not for up to one.
 */
export const administratorFaults = (isLong: boolean): readonly Fault[] => [
  repeated('connections ended', ({ random }, { orders }) => orders.end(0.5, random)),
  // while they wait for a lock, so that there are some
  repeated('statements cancelled', ({ random, conversations }, { orders }) =>
    Promise.all([
      orders.lock(conversations.slice(0, 1), 60),
      wait(30).then(() => orders.cancel(0.7, random)),
    ]),
  ),
  switched('read-only', ({ readOnly }) => readOnly),
  switched('too many connections', ({ fewConnections }) => fewConnections),
  switched('authentication refused', ({ otherPassword }) => otherPassword),
  switched('statement timeout', ({ shortStatements }) => shortStatements),
  switched(
    'lock timeout',
    ({ shortLockWaits }) => shortLockWaits,
    ({ conversations }, { orders }) => orders.lock(conversations.slice(0, 1), 1300),
  ),
  // the store locks in the order of the ids
  repeated('deadlock', ({ conversations }, { orders }) => orders.lock(conversations.toReversed(), 15)),
  {
    name: 'server killed',
    isExpensive: true,
    async strike(scene, { server }) {
      await wait(between(scene, 0, 100));
      await server.kill();
      await wait(between(scene, 0, 500));
      await server.restart();
    },
  },
  {
    name: 'server stopped',
    isExpensive: true,
    async strike(scene, { server }) {
      server.suspend();
      await wait(isLong ? 30_000 : between(scene, 300, 1000));
      server.resume();
    },
  },
  {
    name: 'network: silence past the time limit',
    isExpensive: true,
    needsNetwork: true,
    async strike({ network }) {
      if (!network) return;
      network.silent = true;
      await wait(TIME_LIMIT * 1.4);
      network.silent = false;
    },
  },
];

function switched(
  name: string,
  which: (orders: ServerOrders) => Switch,
  meanwhile: Fault['strike'] = (scene) => wait(between(scene, 50, 200)),
): Fault {
  return {
    name,
    async strike(scene, ground) {
      const { server, orders } = ground;
      const { on, off, isForNewOnes = false } = which(orders);
      for (const statement of on) await server.query(statement);
      if (isForNewOnes) await orders.end(1, scene.random);
      try {
        await meanwhile(scene, ground);
      } finally {
        for (const statement of off) await server.query(statement);
        if (isForNewOnes) await orders.end(1, scene.random);
      }
    },
  };
}

function repeated(name: string, act: (scene: TortureScene, ground: ServerGround) => Promise<unknown>): Fault {
  return {
    name,
    async strike(scene, ground) {
      for (let times = 0; times < 4; times++) {
        await wait(between(scene, 0, 30));
        await act(scene, ground);
      }
    },
  };
}
