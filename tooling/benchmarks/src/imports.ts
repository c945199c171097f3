import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { PEERS, PEERS_FOLDER } from './contenders/peers.ts';
import { type OtherWork, watchOthers } from './other-work.ts';
import { median, type Spread, spread } from './statistics.ts';

/** How long a package takes to load in a fresh process, beyond what Node takes alone, in ms. */
export interface ImportResult {
  readonly package: string;
  readonly rank: 'ours' | 'peer';
  readonly overNode: Spread;
  /** What else the machine did while packages were loaded. */
  readonly others?: OtherWork | undefined;
}

const OURS = [
  '@stackone/openai-agents-js-sessions',
  '@stackone/sessions-core',
  '@stackone/sessions-sqlite',
  '@stackone/sessions-postgres',
  '@stackone/sessions-mysql',
];

const OUR_FOLDER = fileURLToPath(new URL('..', import.meta.url));

/** Rounds in which each package is loaded once, and nothing once. */
export function measureImports(rounds: number, peers: boolean): ImportResult[] {
  const others = watchOthers();
  const peersFolder = fileURLToPath(PEERS_FOLDER);
  const wanted = [
    ...OURS.map((name) => ({ name, rank: 'ours' as const, folder: OUR_FOLDER })),
    ...[...new Set(peers ? PEERS.map((peer) => peer.loads ?? peer.package) : [])].map((name) => ({
      name,
      rank: 'peer' as const,
      folder: peersFolder,
    })),
  ];
  const times = new Map(wanted.map(({ name }) => [name, [] as number[]]));
  const bare: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    const nothing = timeOf('', OUR_FOLDER);
    if (round > 0) bare.push(nothing);
    for (const { name, folder } of wanted) {
      const time = timeOf(`await import(${JSON.stringify(name)})`, folder);
      if (round > 0) times.get(name)?.push(time); // the first round fills the caches of the disk
    }
  }
  const meanwhile = others();
  return wanted.map(({ name, rank }) => ({
    package: name,
    rank,
    others: meanwhile,
    overNode: spread((times.get(name) ?? []).map((time, round) => time - (bare[round] ?? median(bare)))),
  }));
}

function timeOf(code: string, folder: string): number {
  if (!existsSync(folder)) throw new Error(`there is no folder ${folder}`);
  const started = performance.now();
  // a library may keep its process alive
  const { status, stderr } = spawnSync(
    process.execPath,
    ['--input-type=module', '-e', `${code}\nprocess.exit(0)`],
    {
      cwd: folder,
      encoding: 'utf8',
    },
  );
  const time = performance.now() - started;
  if (status !== 0) throw new Error(`a process that loads a package failed: ${stderr}`);
  return time;
}
