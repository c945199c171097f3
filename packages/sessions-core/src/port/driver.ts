import { isSessionError, SessionError } from './errors.js';
import { loaderMessage } from './loader-message.js';

/**
 * The error to throw when a database driver does not load, or finds its native part missing when it is first used.
 *
 * Import the driver where it is needed, by its literal name and inside `try`: bundlers then see the import, and one
 * that does not find the package leaves it to the run, so that an application need not have the drivers of stores
 * that it does not use.
 *
 * @param name - The package, as it is installed.
 * @param cause - What the import threw.
 * @returns `DRIVER_MISSING` with the line that installs it; `DRIVER_FAILED`, with what the loader said, if it is there
 * but does not load. A SessionError is returned as it is.
 * @example
 * ```ts
 * async function loadDriver() {
 *   try {
 *     return (await import('pg')).default;
 *   } catch (cause) {
 *     throw loadFailure('pg', cause);
 *   }
 * }
 * ```
 */
export function loadFailure(name: string, cause: unknown): SessionError {
  if (isSessionError(cause)) return cause;
  const reason = loaderMessage(cause);
  if (reason !== undefined && isNotInstalled(reason, name)) {
    return new SessionError(
      'DRIVER_MISSING',
      `The package "${name}" is not installed. Run: npm install ${name}`,
      { cause },
    );
  }
  const { node } = process.versions;
  const why = reason === undefined ? '.' : `: ${reason.split('\n')[0]?.replace(/\.$/, '')}.`;
  return new SessionError(
    'DRIVER_FAILED',
    `The package "${name}" does not load on Node ${node} (${process.platform}, ${process.arch})${why} ` +
      (reason?.startsWith('Dynamic require') ? inEsModule(name) : elsewhere(name)),
    { cause },
  );
}

/** The module that was not found may also be a dependency of the driver: then installing the driver does not help. */
function isNotInstalled(reason: string, name: string): boolean {
  return (
    /^Cannot find (module|package) /.test(reason) &&
    [`'${name}'`, `'${name}/`].some((one) => reason.includes(one))
  );
}

const inEsModule = (name: string) =>
  'It is CommonJS, and was bundled into an ES module, which has no "require". Leave it out of the bundle ' +
  `(esbuild: --external:${name}), or bundle to CommonJS (--format=cjs).`;

const elsewhere = (name: string) =>
  `In a bundle, mark "${name}" as external and install it beside the bundle. Otherwise install it again on this machine.`;

/**
 * Whether an error says that a module, or its native part, did not load: some drivers load theirs when they are first
 * used.
 *
 * @example
 * ```ts
 * if (isLoaderError(error)) throw loadFailure('my-driver', error);
 * ```
 */
export function isLoaderError(error: unknown): boolean {
  return loaderMessage(error) !== undefined;
}

/**
 * The module that an application handed over as a driver, whether it wrote `import pg from 'pg'`, `import * as pg from
 * 'pg'` or `await import('pg')`.
 *
 * @param given - The module, or its namespace.
 * @example
 * ```ts
 * handedOver(await import('pg')) === handedOver((await import('pg')).default); // true
 * ```
 */
export function handedOver<T extends object>(given: T | { readonly default: T }): T {
  return 'default' in given ? given.default : given;
}

/**
 * Refuses a Node that a native driver does not support. To be called before the driver is loaded: on a Node that
 * is too old some crash the process.
 *
 * @param name - The driver.
 * @param least - The oldest major version it runs on.
 * @throws SessionError `UNSUPPORTED_RUNTIME`
 * @example
 * ```ts
 * requireNode('better-sqlite3', 22);
 * ```
 */
export function requireNode(name: string, least: number, version: string = process.versions.node): void {
  if (Number.parseInt(version, 10) >= least) return;
  throw new SessionError(
    'UNSUPPORTED_RUNTIME',
    `"${name}" needs Node ${least} or later, this is Node ${version}. Start the application with a newer Node.`,
  );
}
