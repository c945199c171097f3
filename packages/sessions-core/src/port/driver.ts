import { SessionError } from './errors.js';

/**
 * Loads a database driver when it is first needed.
 *
 * @param name - The package, as it is installed.
 * @param load - `() => import('the-package')`, written out by the caller so that bundlers see it.
 * @throws SessionError `DRIVER_MISSING` with the line that installs it; `DRIVER_FAILED` if it is there but does
 * not load.
 */
export async function importDriver<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    if (isNotInstalled(cause, name)) {
      throw new SessionError(
        'DRIVER_MISSING',
        `The package "${name}" is not installed. Run: npm install ${name}`,
        {
          cause,
        },
      );
    }
    throw new SessionError(
      'DRIVER_FAILED',
      `The package "${name}" is installed but does not load on Node ${process.versions.node} (${process.platform}, ` +
        `${process.arch}). Reinstall it: npm rebuild ${name}`,
      { cause },
    );
  }
}

function isNotInstalled(error: unknown, name: string): boolean {
  const { code, message } = error as { code?: unknown; message?: unknown };
  // The module that was not found may also be a dependency of the driver: then reinstalling the driver helps.
  return (
    (code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND') && String(message).includes(`'${name}'`)
  );
}

/**
 * Refuses a Node that a native driver does not support. To be called before the driver is loaded: on a Node that
 * is too old some crash the process.
 *
 * @param name - The driver.
 * @param least - The oldest major version it runs on.
 * @throws SessionError `UNSUPPORTED_RUNTIME`
 */
export function requireNode(name: string, least: number, version: string = process.versions.node): void {
  if (Number.parseInt(version, 10) >= least) return;
  throw new SessionError(
    'UNSUPPORTED_RUNTIME',
    `"${name}" needs Node ${least} or later, this is Node ${version}. Start the application with a newer Node.`,
  );
}
