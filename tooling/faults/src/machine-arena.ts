import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { type Arena, type ArenaFault, between, type Ground } from './arena.ts';
import { OtherClock } from './other-clock.ts';
import { SERVERS, serverGround } from './server-ground.ts';
import { MAY_MOUNT, SmallDisk } from './small-disk.ts';
import { fileGround } from './sqlite-arena.ts';

/** What the database has, in megabytes: room for its own files, and some. */
const DISK = { postgres: 300, mysql: 600, mariadb: 400, sqlite: 400 };

const HOUR = 3600;

interface MachineGround extends Ground {
  readonly disk: SmallDisk;
  /** That of the writers, and that of the server. */
  readonly clocks: readonly OtherClock[];
}

const faultsOf = (engine: keyof typeof DISK): readonly ArenaFault<MachineGround>[] => [
  {
    name: 'disk full',
    // MySQL waits before it says so
    isExpensive: engine === 'mysql',
    async strike(scene, { disk }) {
      disk.fill(scene.random() * 50_000);
      await wait(between(scene, 200, 600));
      disk.free();
    },
  },
  {
    name: 'clock back an hour',
    async strike(scene, { clocks }) {
      const back = clocks.filter(() => scene.random() < 0.6);
      for (const clock of back) clock.set(-HOUR);
      await wait(between(scene, 100, 300));
      for (const clock of back) clock.set(0);
    },
  },
];

/** A database on a disk and with a clock of its own, and clients that have another clock. */
export const machineArenas = (engine: keyof typeof DISK): readonly Arena[] =>
  MAY_MOUNT
    ? [{ name: 'a machine of its own', faults: faultsOf(engine), open: () => openMachine(engine) } as Arena]
    : [];

async function openMachine(engine: keyof typeof DISK): Promise<MachineGround> {
  await using ends = new AsyncDisposableStack();
  const disk = ends.use(new SmallDisk(DISK[engine]));
  const clock = ends.use(await OtherClock.make());
  const serverClock = ends.use(await OtherClock.make());
  const { folder } = disk;
  const ground = ends.use(
    engine === 'sqlite'
      ? fileGround(mkdtempSync(join(folder, 'sqlite-')))
      : await serverGround(await SERVERS[engine]({ parent: folder, environment: serverClock.environment })),
  );
  const kept = ends.move();
  return {
    ...ground,
    disk,
    clocks: engine === 'sqlite' ? [clock] : [clock, serverClock],
    launcher: ['env', ...Object.entries(clock.environment).map(([name, value]) => `${name}=${value}`)],
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
