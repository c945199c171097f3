import { afterAll, describe, test } from 'vitest';
import { PYTHON_SDK_VERSIONS, PythonMissing, type PythonSdkVersion } from './environment.ts';
import { type PythonSdk, startPythonSdk } from './python-sdk.ts';

/**
 * Describes tests that want the Python SDK: once for each of its versions. Where there is no Python they are skipped,
 * by name and with the reason; with `CI=true` that is a failure.
 */
export function describePythonSdk(
  body: (python: PythonSdk, version: PythonSdkVersion) => void | Promise<void>,
): void {
  for (const version of PYTHON_SDK_VERSIONS) {
    describe(`Python SDK ${version}`, async () => {
      let python: PythonSdk;
      try {
        python = await startPythonSdk(version);
      } catch (error) {
        if (!(error instanceof PythonMissing) || process.env.CI === 'true') throw error;
        test.skip(`not here: ${error.message}`, () => {});
        return;
      }
      afterAll(() => python[Symbol.asyncDispose]());
      await body(python, version);
    });
  }
}
