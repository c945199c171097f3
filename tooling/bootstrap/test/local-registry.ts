import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';

export interface LocalRegistry {
  readonly url: string;
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

/** A registry on the loopback interface that serves the given packages to npm. */
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
      tarball: `${registry.url}${name}/-/${name}-${version}.tgz`,
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
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const registry: LocalRegistry = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
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
