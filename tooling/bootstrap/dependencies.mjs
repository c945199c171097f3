import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { execute } from './commands.mjs';
import { Problem } from './problem.mjs';
import { unreachable } from './registry-failure.mjs';
import { Interrupted } from './toolchain.mjs';

const STAMP = join('node_modules', '.bootstrap.json');
const DEPENDENCY_FIELDS = ['dependencies', 'devDependencies', 'peerDependencies', 'optionalDependencies'];

/**
 * Whether the last install was made for the present manifests, lock file and platform, and is still there.
 * @param {string} root
 */
export function dependenciesAreInstalled(root) {
  const path = join(root, STAMP);
  if (!existsSync(path)) return false;
  const { wanted, folders } = JSON.parse(readFileSync(path, 'utf8'));
  // `git clean` in one package takes its node_modules away and leaves the root's
  return (
    wanted === digest(root) && folders.every((/** @type {string} */ folder) => existsSync(join(root, folder)))
  );
}

/**
 * @param {import('./toolchain.mjs').Place} place
 */
export async function installDependencies({ root, env, say }) {
  say('installing the dependencies');
  const { code, interruption, output } = await execute(['pnpm', 'install', '--frozen-lockfile'], {
    cwd: root,
    env: {
      // three tries within seconds; pnpm's own waits add up to more than a minute
      pnpm_config_fetch_retries: '2',
      pnpm_config_fetch_retry_mintimeout: '500',
      pnpm_config_fetch_retry_maxtimeout: '3000',
      // pnpm does not read this name, which npm and its users do
      ...(env.npm_config_registry && { pnpm_config_registry: env.npm_config_registry }),
      ...env,
      // there is no terminal to ask at
      pnpm_config_confirm_modules_purge: 'false',
    },
    quiet: true,
  });
  if (interruption) throw new Interrupted(interruption);
  if (code !== 0) {
    const network = unreachable(output);
    if (network) {
      throw new Problem(
        `cannot fetch the dependencies: the npm registry is out of reach (${network}). Connect to it once; then run this again`,
      );
    }
    process.stderr.write(output);
    throw new Problem('pnpm install failed, see above');
  }
  const stamp = { wanted: digest(root), folders: moduleFolders(root) };
  const path = join(root, STAMP);
  writeFileSync(`${path}.${process.pid}`, `${JSON.stringify(stamp)}\n`);
  renameSync(`${path}.${process.pid}`, path);
}

/** @param {string} root */
function digest(root) {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}`);
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml']) hash.update(readFileSync(join(root, file)));
  for (const folder of workspaceFolders(root)) {
    const manifest = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
    hash.update(JSON.stringify([folder, DEPENDENCY_FIELDS.map((field) => manifest[field])]));
  }
  return hash.digest('hex');
}

/**
 * The root and the members that pnpm-workspace.yaml names as `folder/*`.
 * @param {string} root
 */
function workspaceFolders(root) {
  const yaml = readFileSync(join(root, 'pnpm-workspace.yaml'), 'utf8');
  const parents = [...yaml.matchAll(/^ +- ['"]?([\w-]+)\/\*['"]?\s*$/gm)].map((match) => match[1] ?? '');
  const members = parents
    .filter((parent) => existsSync(join(root, parent)))
    .flatMap((parent) => readdirSync(join(root, parent)).map((name) => join(parent, name)));
  return ['.', ...members.sort()].filter((folder) => existsSync(join(root, folder, 'package.json')));
}

/** @param {string} root */
function moduleFolders(root) {
  return workspaceFolders(root)
    .map((folder) => join(folder, 'node_modules'))
    .filter((folder) => existsSync(join(root, folder)));
}
