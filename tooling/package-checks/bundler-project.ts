import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { catalogVersion } from './consumer-project.ts';
import { packPackages } from './pack-packages.ts';
import { publishedPackages } from './packages.ts';
import { npmInstall, run, runLoudly } from './programs.ts';

/** What users bundle with. */
export const BUNDLERS = { esbuild: '0.28.2', webpack: '5.113.0' };

/** The drivers, and what else some stores import. */
export const DRIVERS = Object.fromEntries(
  ['better-sqlite3', 'drizzle-orm', 'mysql2', 'pg'].map((name) => [name, catalogVersion(name)]),
);

/** A folder for the projects of a test file, with the packed packages in it. */
export class BundlerProjects {
  readonly folder = mkdtempSync(join(tmpdir(), 'bundles-'));
  #tarballs: Promise<Readonly<Record<string, string>>> | undefined;

  /** A project with the packages and the given dependencies, and nothing that npm would add for their peers. */
  async install(
    name: string,
    dependencies: Readonly<Record<string, string | undefined>>,
  ): Promise<BundlerProject> {
    this.#tarballs ??= packPackages(publishedPackages(), this.folder);
    const ours = Object.fromEntries(
      Object.entries(await this.#tarballs).map(([pkg, file]) => [pkg, `file:${file}`]),
    );
    const root = join(this.folder, name);
    cpSync(join(import.meta.dirname, 'bundles'), root, { recursive: true });
    const sdk = { '@openai/agents-core': catalogVersion('@openai/agents-core'), zod: catalogVersion('zod') };
    writeFileSync(
      join(root, 'package.json'),
      JSON.stringify({ private: true, dependencies: { ...ours, ...sdk, ...dependencies }, overrides: ours }),
    );
    await npmInstall(root, '--legacy-peer-deps');
    return new BundlerProject(root, this.folder);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A bundle: its program, and the folder that it is in. */
export interface Bundle {
  readonly main: string;
  readonly files: readonly string[];
  /** What the bundler complained of. */
  readonly complaints: string;
}

let bundles = 0;

/** A project of a user who bundles his programs. */
export class BundlerProject {
  readonly root: string;
  readonly #away: string;

  constructor(root: string, away: string) {
    this.root = root;
    this.#away = away;
  }

  /** A program as one file. */
  async esbuild(program: string, ...flags: string[]): Promise<Bundle> {
    const main = join(
      this.root,
      `out-${++bundles}`,
      flags.includes('--format=esm') ? 'main.mjs' : 'main.cjs',
    );
    const args = [
      program,
      '--bundle',
      '--platform=node',
      '--log-level=warning',
      `--outfile=${main}`,
      ...flags,
    ];
    const { stderr } = await runLoudly(join(this.root, 'node_modules/.bin/esbuild'), args, this.root);
    return { main, files: readdirSync(dirname(main)), complaints: stderr };
  }

  /** A program as webpack makes it for production. */
  async webpack(program: string, format: 'commonjs' | 'module', ...external: string[]): Promise<Bundle> {
    const args = ['webpack.mjs', program, `out-${++bundles}`, format, ...external];
    const { main, errors, warnings } = JSON.parse(await run(process.execPath, args, this.root));
    if (errors.length > 0) throw new Error(errors.join('\n'));
    return { main, files: readdirSync(dirname(main)), complaints: warnings.join('\n') };
  }

  /**
   * Copies a bundle to where nothing is installed.
   *
   * @param beside - Packages that stand beside it after all, with those that they need.
   * @returns What runs it there with a URL, and answers what it prints.
   */
  async deploy({ main }: Bundle, ...beside: readonly string[]): Promise<(url: string) => Promise<unknown>> {
    const place = join(this.#away, `away-${++bundles}`);
    cpSync(dirname(main), place, { recursive: true });
    if (beside.length > 0) {
      const dependencies = Object.fromEntries(beside.map((name) => [name, DRIVERS[name]]));
      writeFileSync(join(place, 'package.json'), JSON.stringify({ private: true, dependencies }));
      await npmInstall(place);
    }
    return async (url) => JSON.parse(await run(process.execPath, [basename(main), url], place));
  }
}
