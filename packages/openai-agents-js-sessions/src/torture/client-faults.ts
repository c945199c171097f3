import { setTimeout as wait } from 'node:timers/promises';
import type { TortureFault, TortureNetwork, TortureScene } from '../torture.js';

/** In ms; longer than the time between two calls, and no longer than has to be. */
const between = ({ random }: TortureScene, least: number, most: number) => least + random() * (most - least);

const anyWriter = ({ writers, random }: TortureScene) => writers[Math.floor(random() * writers.length)];

/**
 * The faults that need no access to the server: those of the processes, and of the network to their server. `none` is among them.
 *
 * @returns New ones, for `torture(url, { faults })`.
 * @example
 * ```ts
 * await torture(url, { faults: [...clientFaults(), { name: 'restart', strike: () => restart() }] });
 * ```
 */
export function clientFaults(): TortureFault[] {
  return [
    {
      name: 'none',
      strike: (scene) => wait(between(scene, 50, 200)),
    },
    {
      name: 'client killed',
      async strike(scene) {
        await wait(between(scene, 0, 100));
        await anyWriter(scene)?.kill();
      },
    },
    ...(process.platform === 'win32' ? [] : [CLIENT_STOPPED]),
    ...(['reset', 'end'] as const).map((how) => cut(how)),
    bad('network: delay', 300, (network, { random }) => {
      network.delay = 5 + random() * 30;
      return () => {
        network.delay = 0;
      };
    }),
    bad('network: jitter', 300, (network) => {
      network.jitter = 60;
      return () => {
        network.jitter = 0;
      };
    }),
    bad('network: byte by byte', 200, (network) => {
      network.trickles = true;
      return () => {
        network.trickles = false;
      };
    }),
    bad('network: silence', 600, (network, { random }) => {
      network.silent = true;
      const cuts = random() < 0.5;
      return () => {
        if (cuts) network.cutAll();
        network.silent = false;
      };
    }),
    {
      name: 'network: refused',
      needsNetwork: true,
      async strike(scene) {
        await scene.network?.refuse();
        await wait(between(scene, 20, 300));
        await scene.network?.accept();
      },
    },
  ];
}

const CLIENT_STOPPED: TortureFault = {
  name: 'client stopped',
  async strike(scene) {
    await wait(between(scene, 0, 50));
    const writer = anyWriter(scene);
    writer?.signal('SIGSTOP');
    await wait(between(scene, 100, 400));
    writer?.signal('SIGCONT');
  },
};

/** Several connections are cut, each within something that is sent: before it, after it, or at any byte of it. */
const cut = (how: 'reset' | 'end'): TortureFault => ({
  name: `network: cut (${how === 'reset' ? 'RST' : 'FIN'})`,
  needsNetwork: true,
  async strike(scene) {
    const { network, random } = scene;
    for (let times = 0; times < 3; times++) {
      await wait(between(scene, 0, 20));
      const kind = random();
      const part = kind < 0.3 ? 0 : kind < 0.6 ? 1 : random();
      await Promise.race([
        network?.cutNext({ direction: random() < 0.5 ? 'request' : 'answer', part, how }),
        wait(500),
      ]);
      network?.forgetCut();
    }
  },
});

/** The network is bad for a while. */
function bad(
  name: string,
  most: number,
  make: (network: TortureNetwork, scene: TortureScene) => () => void,
): TortureFault {
  return {
    name,
    needsNetwork: true,
    async strike(scene) {
      if (!scene.network) return;
      const end = make(scene.network, scene);
      await wait(between(scene, most / 3, most));
      end();
    },
  };
}
