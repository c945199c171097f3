import { afterAll, describe, test } from 'vitest';
import { PYTHON_SDK_VERSIONS, PythonMissing, type PythonSdkVersion } from './environment.ts';
import { type PythonSdk, startPythonSdk } from './python-sdk.ts';

/**
 * Describes tests that want the Python SDK: once for its newest version or, with `TEST_MATRIX=all`, for each. Where there is no Python they are skipped,
 * by name and with the reason; with `CI=true` that is a failure.
 */
export function describePythonSdk(
  body: (python: PythonSdk, version: PythonSdkVersion) => void | Promise<void>,
): void {
  const all = process.env.TEST_MATRIX === 'all';
  for (const version of all ? PYTHON_SDK_VERSIONS : PYTHON_SDK_VERSIONS.slice(-1)) {
    describePython(
      `Python SDK ${version}`,
      () => startPythonSdk(version),
      async (python) => {
        afterAll(() => python[Symbol.asyncDispose]());
        await body(python, version);
      },
    );
  }
}

/** Describes tests of something of Python's. Where there is no Python, as {@link describePythonSdk}. */
export function describePython<T>(
  name: string,
  start: () => Promise<T>,
  body: (started: T) => void | Promise<void>,
): void {
  describe(name, async () => {
    let started: T;
    try {
      started = await start();
    } catch (error) {
      if (!(error instanceof PythonMissing) || process.env.CI === 'true') throw error;
      test.skip(`not here: ${error.message}`, () => {});
      return;
    }
    await body(started);
  });
}
