import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { SessionError } from '@stackone/sessions-core';
import { parseStoreUrl } from '@stackone/sessions-core/backend';
import type { TortureFault, TortureOptions, TortureReport } from '../torture.js';
import { Findings } from './findings.js';
import { codeOf } from './journal.js';
import { Network } from './network.js';
import { type Random, randomFrom } from './random.js';
import { isUrl, openTarget, type Target } from './target.js';
import { Writers } from './writers.js';

const DEFAULT_PORTS: Readonly<Record<string, number>> = {
  postgres: 5432,
  postgresql: 5432,
  mysql: 3306,
  mariadb: 3306,
};
/** A server may take a while to notice that a client was killed. In ms. */
const GONE = 15_000;
const CONVERSATIONS = 3;

/** What {@link torture} does, with all faults in turn and the same processes. */
export async function play(
  target: string,
  options: TortureOptions & { readonly faults: readonly TortureFault[] },
): Promise<TortureReport> {
  const {
    rounds = 3,
    writers: count = 3,
    callers = 4,
    patience = 60_000,
    store = {},
    clears = true,
  } = options;
  const seed = options.seed ?? randomUUID().slice(0, 8);
  const random = randomFrom(seed);
  const run = randomUUID().slice(0, 8);
  const folder = await mkdtemp(join(tmpdir(), 'torture-'));
  const network = await networkTo(isUrl(target) ? target : (options.url ?? ''));
  const { launcher = [], writersUrl = (url: string) => url } = options;
  const way = (url: string) => writersUrl(network?.url(url) ?? url);
  const faults = options.faults.filter(({ needsNetwork = false }) => network || !needsNetwork);
  const findings = new Findings(faults.map(({ name }) => name));
  const writers = new Writers({
    start: {
      launcher,
      target: isUrl(target) ? way(target) : target,
      orders: { seed, callers, open: { store, url: options.url && way(options.url) } },
    },
    folder,
    count,
    patience,
  });
  const ids: string[] = [];
  const cleanUp = async () => {
    await writers.kill();
    await network?.close();
    if (clears) await withTarget(target, options, (reader) => clear(ids, reader));
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await writers.start();
    for (let round = 1; round <= rounds; round++) {
      for (const [at, fault] of faults.entries()) {
        options.signal?.throwIfAborted();
        const names = Array.from(
          { length: CONVERSATIONS + 1 },
          (_, nth) => `torture-${run}-${at}-${round}-${nth}`,
        );
        ids.push(...names);
        findings.begin(fault.name, names);
        await playRound(fault, names, { writers, network, random, findings });
        options.onRound?.(fault.name, round);
      }
    }
    for (const text of await writers.end()) findings.add('leaked', text);
    for (const text of await connectionsLeft(options.connections)) findings.add('leaked', text);
    await withTarget(target, options, async (reader) => {
      findings.judge(ids, await readAll(ids, reader, options, findings), writers.calls, reader.isStore);
    });
  } catch (error) {
    // what broke the play may break this too, and must be told all the same
    await cleanUp().catch((second) => {
      throw new AggregateError(
        [error, second],
        'The faults could not be played, nor what was written cleared.',
      );
    });
    throw error;
  }
  await cleanUp();
  return { seed, rows: findings.rows, isSound: findings.isSound };
}

async function playRound(
  fault: TortureFault,
  names: readonly string[],
  {
    writers,
    network,
    random,
    findings,
  }: { writers: Writers; network: Network | undefined; random: Random; findings: Findings },
): Promise<void> {
  const appended = names.slice(0, -1) as [string, ...string[]];
  const tell = (texts: readonly string[]) => {
    for (const text of texts) findings.add('hung', text);
  };
  writers.begin({ appended, popped: names.at(-1) ?? '' });
  tell(await writers.allStore(1, `before "${fault.name}"`));
  await fault.strike({ random, conversations: appended, writers: writers.forFault(), network });
  tell(await writers.allStore(2, `after "${fault.name}" was over`));
  tell(await writers.pause());
  for (const text of await writers.replaceDead()) findings.add('crashed', text);
}

async function networkTo(text: string): Promise<Network | undefined> {
  const scheme = /^([a-z]+):\/\//.exec(text)?.[1] ?? '';
  if (!Object.hasOwn(DEFAULT_PORTS, scheme)) return undefined;
  if (parseStoreUrl(text).servers.length > 1)
    throw new SessionError(
      'UNSUPPORTED_URL',
      'The URL names several servers, and the faults of the network are played before one: name one of them.',
    );
  const { hostname, port } = new URL(text);
  return await Network.to(hostname.replace(/^\[|\]$/g, ''), Number(port) || (DEFAULT_PORTS[scheme] ?? 0));
}

async function withTarget(
  target: string,
  options: TortureOptions,
  use: (reader: Target) => Promise<void>,
): Promise<void> {
  const reader = await openTarget(target, options);
  try {
    await use(reader);
  } finally {
    await reader.close();
  }
}

async function clear(ids: readonly string[], reader: Target): Promise<void> {
  for (const id of ids) await (await reader.session(id)).clearSession();
}

/** @throws The first error if no conversation can be read: then the target is not there, and nothing is known of it. */
async function readAll(
  ids: readonly string[],
  reader: Target,
  { read }: TortureOptions,
  findings: Findings,
): Promise<ReadonlyMap<string, readonly unknown[]>> {
  if (read) return await read(ids);
  const items = new Map<string, readonly unknown[]>();
  const errors = new Map<string, unknown>();
  for (const id of ids) {
    try {
      items.set(id, await (await reader.session(id)).getItems());
    } catch (error) {
      errors.set(id, error);
    }
  }
  const [first] = errors;
  if (first && items.size === 0) throw first[1];
  for (const [id, error] of errors) findings.addUnreadable(id, codeOf(error));
  return items;
}

async function connectionsLeft(connections: TortureOptions['connections']): Promise<string[]> {
  let left = (await connections?.()) ?? 0;
  for (const deadline = performance.now() + GONE; left > 0 && performance.now() < deadline; ) {
    await wait(50);
    left = (await connections?.()) ?? 0;
  }
  return left > 0 ? [`the server has ${left} connections of processes that have ended`] : [];
}
