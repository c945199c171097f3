import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { NETWORK_FAILURES, type NetworkFailure, OwnNetwork } from '@stackone/test-servers/own-network';
import { type Arena, between } from './arena.ts';
import { SERVERS, type ServerEngine, type ServerGround, serverGround } from './server-ground.ts';

/** The name by which writers know the server, and where it is in their network. */
const HOST = 'database.test';
const [ADDRESS = '', PORT = ''] = OwnNetwork.address.split(':');

/** Programs get their own list of hosts and of services that know names: files that are changed where they are. */
const WITH_OWN_NAMES =
  'mount --bind "$0/hosts" /etc/hosts && mount --bind "$0/nsswitch.conf" /etc/nsswitch.conf && exec "$@"';

interface OwnNetworkGround extends ServerGround {
  readonly ownNetwork: OwnNetwork;
  /** Who knows names, and which there are. */
  names(services: string, hosts: string): Promise<void>;
  namesAsUsual(): Promise<void>;
}

/** Failures that the client's kernel tells at once, or when nobody acknowledges what it sends. */
const UNREACHABLE = (Object.keys(NETWORK_FAILURES) as NetworkFailure[]).filter(
  (name) => !name.includes('resets'),
);

/** A server that writers reach by its name alone, from a network of their own with one way out. */
export const ownNetworkArena = (engine: ServerEngine): Arena<OwnNetworkGround> => ({
  name: 'a server in another network',
  faults: [
    {
      name: 'network: host unreachable',
      async strike(scene, { ownNetwork }) {
        const failure = UNREACHABLE[Math.floor(scene.random() * UNREACHABLE.length)] as NetworkFailure;
        await wait(between(scene, 0, 50));
        await ownNetwork.deafen();
        await ownNetwork.fail(failure);
        await wait(between(scene, 100, 1000));
        await ownNetwork.mend(failure);
      },
    },
    {
      name: 'network: DNS gone',
      async strike(scene, { names, namesAsUsual, orders }) {
        // no server of names answers, or one says that there is no such name
        await names(scene.random() < 0.5 ? 'files dns' : 'files', '');
        for (let times = 0; times < 3; times++) {
          await orders.end(0.7, scene.random);
          await wait(between(scene, 20, 100));
        }
        await namesAsUsual();
      },
    },
  ],
  async open() {
    const server = await SERVERS[engine]();
    const ground = await serverGround(server);
    const folder = await mkdtemp(join(tmpdir(), 'names-'));
    const names: OwnNetworkGround['names'] = async (services, hosts) => {
      await writeFile(join(folder, 'nsswitch.conf'), `hosts: ${services}\n`);
      await writeFile(join(folder, 'hosts'), hosts);
    };
    const namesAsUsual = () => names('files', `${ADDRESS} ${HOST}\n`);
    await namesAsUsual();
    const ownNetwork = await OwnNetwork.empty(server.port);
    return {
      ...ground,
      ownNetwork,
      names,
      namesAsUsual,
      launcher: [...ownNetwork.entering, 'unshare', '--mount', 'sh', '-c', WITH_OWN_NAMES, folder],
      writersUrl: (url) => Object.assign(new URL(url), { hostname: HOST, port: PORT }).href,
      async [Symbol.asyncDispose]() {
        await ownNetwork[Symbol.asyncDispose]();
        await ground[Symbol.asyncDispose]();
        await rm(folder, { recursive: true });
      },
    };
  },
});
