import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Every database driver that a package of ours may bring. */
const DRIVERS = ['better-sqlite3', 'mysql2', 'pg'];

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
  readonly bin?: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, unknown>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
}

export class PublishedPackage {
  readonly folder: string;
  readonly manifest: Manifest;

  constructor(folder: string) {
    this.folder = folder;
    this.manifest = JSON.parse(readFileSync(join(this.path, 'package.json'), 'utf8'));
  }

  get name(): string {
    return this.manifest.name;
  }

  get path(): string {
    return join(ROOT, 'packages', this.folder);
  }

  /** The peers that are not ours, by name. */
  get peers(): string[] {
    return Object.keys(this.manifest.peerDependencies ?? {}).filter((peer) => !peer.startsWith('@stackone/'));
  }

  /** Those that an entry needs, and that npm does not bring. */
  get optionalPeers(): string[] {
    return this.peers.filter((peer) => this.manifest.peerDependenciesMeta?.[peer]?.optional);
  }

  /** What users import, as they write it. */
  get entries(): string[] {
    return Object.keys(this.manifest.exports)
      .filter((entry) => entry !== './package.json')
      .map((entry) => this.name + entry.slice(1));
  }

  /** The types of the table definitions are those of drizzle-orm, which do not pass a strict library check. */
  get strictEntries(): string[] {
    return this.entries.filter((entry) => !entry.endsWith('/schema'));
  }

  /** The programs that it brings. */
  get programs(): string[] {
    return Object.keys(this.manifest.bin ?? {});
  }

  /** A file of the consumers, if this package has it. */
  consumer(file: string): string | undefined {
    const path = join(import.meta.dirname, 'consumers', this.folder, file);
    return existsSync(path) ? path : undefined;
  }

  /** The packages of this repository that an install of this one brings along, itself included. */
  closure(all: readonly PublishedPackage[]): PublishedPackage[] {
    const found = new Set<PublishedPackage>([this]);
    for (const pkg of found) {
      for (const name of Object.keys(pkg.manifest.dependencies ?? {})) {
        const member = all.find((candidate) => candidate.name === name);
        if (member) found.add(member);
      }
    }
    return [...found];
  }

  /** The drivers that an install of this package has to bring; it may bring no other. */
  drivers(all: readonly PublishedPackage[]): string[] {
    const wanted = this.closure(all).flatMap(({ manifest }) =>
      Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }),
    );
    return DRIVERS.filter((driver) => wanted.includes(driver));
  }
}

/** The drivers that an install has brought. */
export function installedDrivers(project: string): string[] {
  return DRIVERS.filter((driver) => existsSync(join(project, 'node_modules', driver)));
}

export function publishedPackages(): PublishedPackage[] {
  return readdirSync(join(ROOT, 'packages'))
    .sort()
    .filter((folder) => existsSync(join(ROOT, 'packages', folder, 'package.json')))
    .map((folder) => new PublishedPackage(folder))
    .filter(({ manifest }) => !manifest.private);
}
