import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { CLIENT_PROCESS, type Order, type Report } from './own-network-orders.ts';
import { type Command, ipForOwnNetwork } from './own-network-tools.ts';

/** The server's side, the way to it, and the client's side: for documentation, so that it is nobody's network. */
const [SERVER, ROUTER, CLIENT, NETWORK] = ['192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.0/24'] as const;
const PORT = 4000;

const server = (...run: string[]): Order => ({ as: 'server', run });
const client = (...run: string[]): Order => ({ as: 'client', run });
const inClient = (setting: string, value: number) =>
  client('sh', '-c', `echo ${value} > /proc/sys/net/ipv4/${setting}`);
const inServer = (setting: string, value: number) =>
  server('sh', '-c', `echo ${value} > /proc/sys/net/ipv4/${setting}`);

const [CLIENT_MAC, NOBODYS_MAC] = ['02:00:00:00:00:02', '02:00:00:00:00:01'] as const;

const SETUP = [
  server('ip', 'link', 'set', 'lo', 'up'),
  server(
    ...['ip', 'link', 'add', 'server', 'type', 'veth', 'peer', 'name', 'client', 'address', CLIENT_MAC],
    ...['netns', CLIENT_PROCESS],
  ),
  server('ip', 'address', 'add', `${ROUTER}/24`, 'dev', 'server'),
  server('ip', 'address', 'add', `${SERVER}/32`, 'dev', 'server'),
  server('ip', 'link', 'set', 'server', 'up'),
  client('ip', 'address', 'add', `${CLIENT}/24`, 'dev', 'client'),
  client('ip', 'link', 'set', 'client', 'up'),
  inClient('tcp_retries2', 1), // the kernel gives up within a second, and not after a quarter of an hour
  inServer('ip_forward', 1),
  inServer('icmp_ratelimit', 0),
  { listen: { host: SERVER, port: PORT } },
] satisfies Order[];

const answersGoTo = (address: string) =>
  server(...['ip', 'neighbor', 'replace', CLIENT, 'lladdr', address, 'dev', 'server', 'nud', 'permanent']);
/** So that what the client sends arrives, and is not acknowledged. */
const DEAFEN = answersGoTo(NOBODYS_MAC);
const HEAR = answersGoTo(CLIENT_MAC);

const clientRoute = (type: string) => ({
  fail: [client('ip', 'route', 'add', type, `${SERVER}/32`)],
  mend: [client('ip', 'route', 'del', type, `${SERVER}/32`)],
});
/** The server's address is gone, and a router on the way tells the client so by ICMP. */
const routerSays = (...route: string[]) => ({
  fail: [
    server('ip', 'address', 'del', `${SERVER}/32`, 'dev', 'server'),
    server('ip', 'route', 'add', ...route),
    HEAR,
  ],
  mend: [
    server('ip', 'route', 'del', ...route),
    server('ip', 'address', 'add', `${SERVER}/32`, 'dev', 'server'),
  ],
});

/** Ways in which the network fails while the answer to a write is on its way, by what the client's kernel makes of it. */
export const NETWORK_FAILURES = {
  'the client has a route that says unreachable: EHOSTUNREACH': clientRoute('unreachable'),
  'the client has a route that says prohibited: EACCES': clientRoute('prohibit'),
  'the client has a route that says nothing: EINVAL': clientRoute('blackhole'),
  'the client has no route: ENETUNREACH': {
    fail: [client('ip', 'route', 'del', NETWORK)],
    mend: [client('ip', 'route', 'add', NETWORK, 'dev', 'client', 'src', CLIENT)],
  },
  'a router says by ICMP that the host is unreachable: EHOSTUNREACH': routerSays(
    'unreachable',
    `${SERVER}/32`,
  ),
  'a router says by ICMP that it is prohibited: EHOSTUNREACH': routerSays('prohibit', `${SERVER}/32`),
  'nobody says anything: ETIMEDOUT': { fail: [], mend: [] },
  'the other side resets the connection: ECONNRESET': { fail: [HEAR, { reset: true }], mend: [] },
} satisfies Record<string, { readonly fail: readonly Order[]; readonly mend: readonly Order[] }>;

export type NetworkFailure = keyof typeof NETWORK_FAILURES;

/** Waits, and holds the network open, for programs that enter it. */
const PLACEHOLDER = join(import.meta.dirname, 'own-network-placeholder.ts');

/** What runs in a network of its own, and what it reaches. */
export interface OwnNetworkOptions {
  /** The program `ip`. */
  readonly ip: Command;
  /** The port of this machine that is the client's server. */
  readonly port: number;
  readonly program: string;
  readonly environment: NodeJS.ProcessEnv;
}

/** A client in a network of its own, whose only way out leads to one port of this machine. */
export class OwnNetwork implements AsyncDisposable {
  /** Where the client finds the server. */
  static readonly address = `${SERVER}:${PORT}`;
  readonly #process: ChildProcess;
  readonly #listener: Server;
  readonly #folder: string;
  readonly #reports: Report[] = [];
  #wake: () => void = () => {};
  #ended: string | undefined;
  #client = '';

  private constructor(child: ChildProcess, lines: Interface, listener: Server, folder: string) {
    this.#process = child;
    this.#listener = listener;
    this.#folder = folder;
    lines.on('line', (line) => {
      this.#reports.push(JSON.parse(line) as Report);
      this.#wake();
    });
    child.once('exit', (code, signal) => {
      this.#ended = `The client's network ended (${code ?? signal}).`;
      this.#wake();
    });
  }

  /**
   * Starts a program that calls `hold()` of `held-writes.ts` before all else, and connects it to a port of this machine.
   *
   * @throws Error where this user may make no namespaces.
   */
  static async start({ ip, port, program, environment }: OwnNetworkOptions): Promise<OwnNetwork> {
    const folder = await mkdtemp(join(tmpdir(), 'network-'));
    const socket = join(folder, 'server');
    const listener = createServer((inside) => {
      const outside = connect(port, '127.0.0.1');
      inside.pipe(outside).pipe(inside);
      inside.on('error', () => outside.destroy());
      outside.on('error', () => inside.destroy());
    });
    await new Promise<void>((resolve) => listener.listen(socket, resolve));
    const coordinator = join(import.meta.dirname, 'own-network-process.ts');
    const child = spawn(
      'unshare',
      ['--map-root-user', '--net', process.execPath, coordinator, socket, process.execPath, program],
      {
        stdio: ['pipe', 'pipe', 'inherit'],
        env: { ...process.env, ...environment, OWN_NETWORK_IP: JSON.stringify(ip) },
      },
    );
    const network = new OwnNetwork(child, createInterface(child.stdout), listener, folder);
    network.#client = await network.said();
    for (const order of SETUP) await network.#order(order);
    return network;
  }

  /**
   * Starts a network in which nothing runs that matters, and connects it to a port of this machine.
   *
   * @throws EngineUnavailable where there are no means for it; Error where this user may make no namespaces.
   */
  static async empty(port: number): Promise<OwnNetwork> {
    const ip = await ipForOwnNetwork();
    const network = await OwnNetwork.start({ ip, port, program: PLACEHOLDER, environment: {} });
    // a server that is told nothing any more gives up as soon as its client
    await network.#order(inServer('tcp_retries2', 3));
    return network;
  }

  /** What starts a program in an {@link empty} network: stands before its own name and arguments. */
  get entering(): readonly string[] {
    return ['nsenter', `--target=${this.#client}`, '--user', '--net', '--preserve-credentials'];
  }

  /** Fails from the next answer of the server on: see {@link NETWORK_FAILURES}. */
  async fail(failure: NetworkFailure): Promise<void> {
    for (const order of NETWORK_FAILURES[failure].fail) await this.#order(order);
  }

  /** From now on the client gets nothing from the server, while the server gets everything. */
  deafen(): Promise<void> {
    return this.#order(DEAFEN);
  }

  /** Ends a failure. */
  async mend(failure: NetworkFailure): Promise<void> {
    for (const order of NETWORK_FAILURES[failure].mend) await this.#order(order);
    await this.#order(HEAR);
  }

  /** What the client says next. It waits then, until {@link release}. */
  async said(): Promise<string> {
    const report = await this.#next();
    if ('client' in report) return report.client;
    throw new Error(`unexpected: ${JSON.stringify(report)}`);
  }

  /** Lets the client go on. */
  release(): Promise<void> {
    return this.#order({ release: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.stdin?.end();
    this.#listener.close();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #order(order: Order): Promise<void> {
    this.#process.stdin?.write(`${JSON.stringify(order)}\n`);
    const report = await this.#next();
    if (!('done' in report)) throw new Error(`${JSON.stringify(order)}: ${JSON.stringify(report)}`);
  }

  async #next(): Promise<Report> {
    for (;;) {
      const report = this.#reports.shift();
      if (report) return report;
      if (this.#ended) throw new Error(this.#ended);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
