// Promise: One small package per database.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodePackage } from '@stackone/bootstrap/node-release';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ConsumerProject, catalogVersion, compile, writeStrictSources } from '../consumer-project.ts';
import { packPackages } from '../pack-packages.ts';
import { installedDrivers, publishedPackages } from '../packages.ts';
import { PEER_VERSIONS } from '../peer-versions.ts';
import { npmInstall, run } from '../programs.ts';

/**
 * The highest, which takes a tenth of the others' time, compiles every package alone; the others the package that has the types of
 * nearly all, and the lowest all of them in one project.
 */
const [LOWEST, BETWEEN, HIGHEST] = ['5.9.3', '6.0.3', '7.0.2'];
const META_PACKAGE = '@stackone/openai-agents-js-sessions';
const SHIPPED = /^(dist\/.+|README\.md|LICENSE|CHANGELOG\.md|package\.json)$/;

const packages = publishedPackages();
const folder = mkdtempSync(join(tmpdir(), 'package-checks-'));
let tarballs: Readonly<Record<string, string>> = {};

beforeAll(async () => {
  tarballs = await packPackages(packages, folder);
  await install(
    'compilers',
    Object.fromEntries(
      [LOWEST, BETWEEN, HIGHEST].map((version) => [`typescript-${version}`, `npm:typescript@${version}`]),
    ),
  );
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function install(name: string, dependencies: Record<string, string>): Promise<string> {
  const project = join(folder, name);
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), JSON.stringify({ private: true, dependencies }));
  await npmInstall(project);
  return project;
}

const compiler = (version: string) =>
  join(folder, 'compilers', 'node_modules', `typescript-${version}`, 'bin', 'tsc');

test('there are packages to check', () => {
  expect(packages.map(({ name }) => name)).toContain(META_PACKAGE);
});

describe.each(packages.map((pkg) => [pkg.name, pkg] as const))('%s', (name, pkg) => {
  const project = new ConsumerProject(join(folder, pkg.folder), pkg);
  const tarball = () => tarballs[name] ?? '';

  test('publint and attw find nothing', () => run('pnpm', ['run', 'check:package'], pkg.path));

  test('ships what a user needs and nothing else', async () => {
    const list = await run('tar', ['-tzf', tarball()], folder);
    const files = list
      .trim()
      .split('\n')
      .map((file) => file.replace(/^package\//, ''));
    expect(files.filter((file) => !SHIPPED.test(file))).toEqual([]);
    expect(files).toEqual(
      expect.arrayContaining(['dist/index.js', 'dist/index.cjs', 'README.md', 'LICENSE', 'package.json']),
    );
  });

  test('names real versions of what it depends on', async () => {
    const { dependencies, peerDependencies } = JSON.parse(
      await run('tar', ['-xzOf', tarball(), 'package/package.json'], folder),
    );
    expect(JSON.stringify({ dependencies, peerDependencies })).not.toMatch(/workspace:|catalog:/);
  });

  describe('installed alone', () => {
    beforeAll(async () => {
      const others = pkg.closure(packages).filter((member) => member !== pkg);
      await project.install(
        tarball(),
        Object.fromEntries(others.map((other) => [other.name, `file:${tarballs[other.name]}`])),
        Object.fromEntries(pkg.optionalPeers.map((peer) => [peer, catalogVersion(peer)])),
      );
      project.writeSources();
    });

    test('brings its drivers and no other', () => {
      expect(installedDrivers(project.root)).toEqual(pkg.drivers(packages));
    });

    test('loads as an ES module and as CommonJS, with the same exports', async () => {
      const { esm, cjs } = await project.exportedNames();
      expect(cjs).toEqual(esm);
    });

    for (const program of pkg.programs) {
      test(`brings the program ${program}, which checks a module of the user`, async () => {
        const module = pkg.consumer('own-store.ts') ?? '';
        const report = await project.runProgram(program, ['conformance'], module);
        expect(report).toMatch(/^own-store\.ts: /);
        expect(report).toMatch(/\d{3} passed, 0 failed, \d+ not covered\n$/);
      });
    }

    test.concurrent.each([HIGHEST, ...(name === META_PACKAGE ? [LOWEST, BETWEEN] : [])])(
      'compiles under TypeScript %s, strict, with its types checked, and runs in both module systems',
      async (version) => {
        const out = `out-${version}`;
        await project.compile(compiler(version), out);
        for (const extension of ['mjs', 'cjs']) await project.node(join(out, `consumer.${extension}`));
      },
    );
  });
});

test(`all packages in one project compile under TypeScript ${LOWEST}, strict, with their types checked`, async () => {
  const peers = packages.flatMap(({ optionalPeers }) => optionalPeers);
  const root = await install('together', {
    ...Object.fromEntries(packages.map(({ name }) => [name, `file:${tarballs[name]}`])),
    ...Object.fromEntries([...peers, '@types/node'].map((name) => [name, catalogVersion(name)])),
  });
  writeStrictSources(root, packages);
  await compile(root, compiler(LOWEST), 'out');
});

const withPeers = packages.filter((pkg) => pkg.consumer('peers.mjs'));

describe.each(withPeers.map((pkg) => [pkg.name, pkg] as const))('%s and its peers', (name, pkg) => {
  test('the lowest versions that are tested are the lowest that are allowed', () => {
    for (const peer of pkg.peers)
      expect(pkg.manifest.peerDependencies?.[peer]).toMatch(
        new RegExp(`^(>=|\\^)${PEER_VERSIONS.lowest[peer]}( |$)`),
      );
  });

  test.each(['lowest', 'highest'] as const)('works with the %s of each', async (end) => {
    const project = new ConsumerProject(join(folder, `${pkg.folder}-${end}`), pkg);
    const others = pkg.closure(packages).filter((member) => member !== pkg);
    const ours = others.map((other) => [other.name, `file:${tarballs[other.name]}`]);
    const theirs = pkg.peers.map((peer) => [peer, PEER_VERSIONS[end][peer]]);
    await project.install(tarballs[name] ?? '', Object.fromEntries(ours), Object.fromEntries(theirs));
    expect(await project.runScript(pkg.consumer('peers.mjs') ?? '', process.execPath)).not.toMatch(
      /^not ok/m,
    );
  });
});

const forOldNode = packages.filter((pkg) => pkg.consumer('old-node.mjs'));

describe.runIf(forOldNode.length > 0)('a Node too old', () => {
  let oldNode = '';

  beforeAll(async () => {
    const name = nodePackage(process.platform, process.arch, false);
    const project = await install('old-node', { [name]: '20' });
    oldNode = join(project, 'node_modules', name, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  });

  test.each(forOldNode.map((pkg) => [pkg.name, pkg] as const))(
    'is refused by %s before its driver loads',
    async (_name, pkg) => {
      expect(await run(oldNode, ['--version'], folder)).toMatch(/^v20\./);
      const project = new ConsumerProject(join(folder, pkg.folder), pkg);
      await project.runScript(pkg.consumer('old-node.mjs') ?? '', oldNode);
    },
  );
});
