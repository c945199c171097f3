import { startMariadb, startPostgres, type ThrowawayServer } from '@stackone/test-servers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BUNDLERS, type Bundle, type BundlerProject, BundlerProjects, DRIVERS } from '../bundler-project.ts';
import { installedDrivers } from '../packages.ts';

const HELLO = ['Hello'];
const EXTERNAL = ['pg', 'mysql2', 'better-sqlite3'].map((name) => `--external:${name}`);
const REQUIRE =
  "--banner:js=import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

const projects = new BundlerProjects();
const servers: ThrowawayServer[] = [];
const urls = { postgres: '', mariadb: '', sqlite: 'sqlite:./chats.db' };
type Engine = keyof typeof urls;

beforeAll(async () => {
  for (const engine of ['postgres', 'mariadb'] as const) {
    const server = await (engine === 'postgres' ? startPostgres() : startMariadb());
    servers.push(server);
    urls[engine] = server.url(await server.createDatabase());
  }
});

afterAll(async () => {
  for (const server of servers) await server[Symbol.asyncDispose]();
  projects.remove();
});

function failed(reason: string) {
  return { code: 'DRIVER_FAILED', message: expect.stringContaining(reason) };
}

describe('a project with every driver', () => {
  let project: BundlerProject;
  beforeAll(async () => {
    project = await projects.install('every-driver', { ...DRIVERS, ...BUNDLERS });
  });

  /** What a bundle does on every engine, with what stands beside it. */
  async function outcomes(bundle: Bundle, ...beside: string[]): Promise<Record<Engine, unknown>> {
    const run = await project.deploy(bundle, ...beside);
    return {
      postgres: await run(urls.postgres),
      mariadb: await run(urls.mariadb),
      sqlite: await run(urls.sqlite),
    };
  }

  describe('esbuild', () => {
    test('one file of CommonJS holds pg and mysql2; better-sqlite3 says what it misses', async () => {
      const bundle = await project.esbuild('by-url.mjs', '--format=cjs');
      expect(bundle).toMatchObject({ files: ['main.cjs'], complaints: '' });
      expect(await outcomes(bundle)).toEqual({
        postgres: HELLO,
        mariadb: HELLO,
        sqlite: failed('mark "better-sqlite3" as external'),
      });
    });

    test('one ES module says why no driver loads, and what to do', async () => {
      const bundle = await project.esbuild('by-url.mjs', '--format=esm');
      expect(bundle).toMatchObject({ files: ['main.mjs'], complaints: '' });
      expect(await outcomes(bundle)).toEqual({
        postgres: failed('Dynamic require of "events" is not supported'),
        mariadb: failed('--external:mysql2'),
        sqlite: failed('--external:better-sqlite3'),
      });
    });

    test('one ES module with a require of its own holds pg and mysql2', async () => {
      const bundle = await project.esbuild('by-url.mjs', '--format=esm', REQUIRE);
      expect(bundle).toMatchObject({ files: ['main.mjs'], complaints: '' });
      expect(await outcomes(bundle)).toMatchObject({ postgres: HELLO, mariadb: HELLO });
    });

    test.each(['esm', 'cjs'])('%s, with the drivers left out and installed beside it', async (format) => {
      const bundle = await project.esbuild('by-url.mjs', `--format=${format}`, ...EXTERNAL);
      expect(await outcomes(bundle, 'pg', 'mysql2', 'better-sqlite3')).toEqual({
        postgres: HELLO,
        mariadb: HELLO,
        sqlite: HELLO,
      });
    });

    test('drivers that are required and handed over need no setting', async () => {
      const bundle = await project.esbuild('required-driver.mjs', '--format=esm');
      expect(await outcomes(bundle, 'pg', 'mysql2', 'better-sqlite3')).toEqual({
        postgres: HELLO,
        mariadb: HELLO,
        sqlite: HELLO,
      });
    });

    test.runIf(process.platform === 'linux' && process.arch === 'x64')(
      'better-sqlite3 for one platform, its native part beside the bundle',
      async () => {
        const bundle = await project.esbuild('sqlite-inside.mjs', '--format=cjs', '--loader:.node=copy');
        expect(bundle.files).toEqual([expect.stringMatching(/\.node$/), 'main.cjs']);
        const run = await project.deploy(bundle);
        expect(await run(urls.sqlite)).toEqual(HELLO);
      },
    );

    test.each([
      ['cjs', []],
      ['esm', [REQUIRE]],
    ])('transactions of Drizzle, %s', async (format, flags) => {
      const bundle = await project.esbuild('drizzle.mjs', `--format=${format}`, ...flags);
      const run = await project.deploy(bundle);
      for (const url of [urls.postgres, urls.mariadb]) expect(await run(url)).toEqual(HELLO);
    });
  });

  describe('webpack', () => {
    test.each(['commonjs', 'module'] as const)(
      '%s holds pg and mysql2, with better-sqlite3 left out and installed beside it',
      async (format) => {
        const bundle = await project.webpack('by-url.mjs', format, 'better-sqlite3');
        expect(await outcomes(bundle, 'better-sqlite3')).toEqual({
          postgres: HELLO,
          mariadb: HELLO,
          sqlite: HELLO,
        });
      },
    );
  });
});

describe('a project with pg alone', () => {
  let project: BundlerProject;
  beforeAll(async () => {
    project = await projects.install('pg-alone', { pg: DRIVERS.pg, ...BUNDLERS });
  });

  const missing = (name: string) => ({
    code: 'DRIVER_MISSING',
    message: `The package "${name}" is not installed. Run: npm install ${name}`,
  });

  test.each<[string, () => Promise<Bundle>]>([
    ['esbuild, CommonJS', () => project.esbuild('by-url.mjs', '--format=cjs')],
    ['esbuild, an ES module', () => project.esbuild('by-url.mjs', '--format=esm', REQUIRE)],
    ['webpack, CommonJS', () => project.webpack('by-url.mjs', 'commonjs')],
  ])('%s: bundles the meta-package; the other stores say what is missing', async (name, build) => {
    const bundle = await build();
    if (name.startsWith('esbuild')) expect(bundle.complaints).toBe('');
    const run = await project.deploy(bundle);
    expect(await run(urls.postgres)).toEqual(HELLO);
    expect(await run(urls.mariadb)).toEqual(missing('mysql2'));
    expect(await run(urls.sqlite)).toEqual(missing('better-sqlite3'));
  });

  test('npm brought no other driver', () => expect(installedDrivers(project.root)).toEqual(['pg']));
});
