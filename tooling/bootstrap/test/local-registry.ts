import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { dirname, join } from 'node:path';

const HOST = 'registry.test';
const URL_OF_REGISTRY = `http://${HOST}/`;

export interface LocalRegistry {
  /** What leads npm here. */
  readonly env: NodeJS.ProcessEnv;
  /** Paths asked for, in order. */
  readonly requests: string[];
  /** Called before each tarball is sent. */
  onTarball: () => Promise<void> | void;
  close(): Promise<void>;
}

interface Package {
  readonly name: string;
  readonly version: string;
  readonly files: Record<string, string>;
}

/** A registry that serves the given packages to npm, over a socket file. */
export async function startRegistry(folder: string, packages: readonly Package[]): Promise<LocalRegistry> {
  const tarballs = new Map(packages.map((pkg) => [pkg.name, { pkg, tarball: pack(folder, pkg) }]));
  const requests: string[] = [];
  const server = createServer(async (request, response) => {
    const path = decodeURIComponent(request.url ?? '');
    requests.push(path);
    const found = tarballs.get(path.slice(1).replace(/\/-\/.*$/, ''));
    if (!found) {
      response.writeHead(404).end('{}');
      return;
    }
    if (path.endsWith('.tgz')) {
      await registry.onTarball();
      response.end(found.tarball);
      return;
    }
    const { name, version } = found.pkg;
    const dist = {
      tarball: `${URL_OF_REGISTRY}${name}/-/${name}-${version}.tgz`,
      integrity: `sha512-${createHash('sha512').update(found.tarball).digest('base64')}`,
    };
    response.setHeader('content-type', 'application/json');
    response.end(
      JSON.stringify({
        name,
        'dist-tags': { latest: version },
        versions: { [version]: { name, version, dist } },
      }),
    );
  });
  const socket = join(folder, 'registry.sock');
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  const registry: LocalRegistry = {
    env: {
      npm_config_registry: URL_OF_REGISTRY,
      NODE_OPTIONS: `--import=${new URL('registry-socket.mjs', import.meta.url)}`,
      REGISTRY_HOST: HOST,
      REGISTRY_SOCKET: socket,
    },
    requests,
    onTarball: () => {},
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
  return registry;
}

function pack(folder: string, { name, version, files }: Package): Buffer {
  const root = join(folder, name, 'package');
  for (const [path, text] of Object.entries({
    ...files,
    'package.json': JSON.stringify({ name, version }),
  })) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
    if (text.startsWith('#!')) chmodSync(join(root, path), 0o755);
  }
  const tarball = join(folder, `${name}.tgz`);
  execFileSync('tar', ['-czf', tarball, '-C', join(folder, name), 'package']);
  return readFileSync(tarball);
}
