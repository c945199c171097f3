import type { PublishedPackage } from './packages.ts';
import { run } from './programs.ts';

/** Packs packages into a folder and answers the tarball of each, by its name. */
export async function packPackages(
  packages: readonly PublishedPackage[],
  folder: string,
): Promise<Readonly<Record<string, string>>> {
  const tarballs: Record<string, string> = {};
  for (const { name, path } of packages) {
    const packed = await run('pnpm', ['pack', '--json', '--pack-destination', folder], path);
    tarballs[name] = JSON.parse(packed).filename;
  }
  return tarballs;
}
