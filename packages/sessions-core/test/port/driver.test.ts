import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, test } from 'vitest';
import { loadFailure, requireNode } from '../../src/backend.js';
import { isSessionError, SessionError } from '../../src/index.js';

const folder = mkdtempSync(join(tmpdir(), 'driver-'));
mkdirSync(join(folder, 'node_modules/driver'), { recursive: true });
writeFileSync(join(folder, 'node_modules/driver/package.json'), '{ "exports": { ".": "./index.js" } }');
afterAll(() => rmSync(folder, { recursive: true }));

/** What a module throws when it is loaded. */
async function thrownBy(file: string, text: string): Promise<unknown> {
  const path = join(folder, file);
  writeFileSync(path, text);
  return import(path).catch((error: unknown) => error);
}

test('a driver that is not installed is named with the line that installs it', async () => {
  const missing = await thrownBy('missing.mjs', `await import('a-driver-that-nobody-has');`);
  expect(loadFailure('a-driver-that-nobody-has', missing)).toMatchObject({
    code: 'DRIVER_MISSING',
    retryable: false,
    message:
      'The package "a-driver-that-nobody-has" is not installed. Run: npm install a-driver-that-nobody-has',
  });
});

test('a driver whose entry is not installed is missing too, however it was imported', async () => {
  const missing = await thrownBy('entry.mjs', `await import('a-driver-that-nobody-has/sql');`);
  const bundled = await thrownBy('bundled.cjs', `require('a-driver-that-nobody-has/sql');`);
  for (const cause of [missing, bundled])
    expect(loadFailure('a-driver-that-nobody-has', cause).code).toBe('DRIVER_MISSING');
});

describe('a driver that is there but does not load says why, and what to do', () => {
  test.each([
    [
      'it misses a module of its own',
      'inner.mjs',
      `await import('bindings-that-nobody-has');`,
      "Cannot find package 'bindings-that-nobody-has'",
      'mark "driver" as external',
    ],
    [
      'its native part is not beside the bundle',
      'native.cjs',
      `require('./build/driver.node');`,
      "Cannot find module './build/driver.node'",
      'mark "driver" as external',
    ],
    [
      'it is CommonJS, in a bundle that is an ES module',
      'dynamic.mjs',
      `throw Error('Dynamic require of "events" is not supported');`,
      'Dynamic require of "events" is not supported',
      'esbuild: --external:driver',
    ],
    [
      'its native part is damaged, or for another machine',
      'damaged.cjs',
      `require('node:fs').writeFileSync(__dirname + '/damaged.node', 'nonsense'); require('./damaged.node');`,
      'damaged.node: ',
      'install it again on this machine',
    ],
    [
      'its package has no such entry',
      'exports.cjs',
      `require('driver/none');`,
      "Package subpath './none' is not defined",
      'install it again on this machine',
    ],
  ])('%s', async (_, file, text, reason, remedy) => {
    const error = loadFailure('driver', await thrownBy(file, text));
    expect(error).toMatchObject({ code: 'DRIVER_FAILED', retryable: false });
    expect(error.message).toContain(reason);
    expect(error.message).toContain(remedy);
    expect((error.cause as Error).message).toContain(reason);
    expect((error.cause as Error).stack).toContain(reason);
  });

  test('native parts are not allowed in this process', async () => {
    const native = join(folder, 'addon.node');
    writeFileSync(native, '');
    const script = `try { require(${JSON.stringify(native)}) } catch (e) { console.log(JSON.stringify({ ...e, message: e.message })) }`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--no-addons', '-e', script]);
    const { message, ...fields } = JSON.parse(stdout);
    const error = loadFailure('driver', Object.assign(new Error(message), fields));
    expect(error.message).toContain('Cannot load native addon because loading addons is disabled');
  });
});

test('what a driver throws for other reasons is not shown: only a loader is known to speak of modules alone', async () => {
  const error = loadFailure('driver', await thrownBy('other.mjs', `throw new Error('canary');`));
  expect(error.code).toBe('DRIVER_FAILED');
  expect(`${error.message} ${(error.cause as Error).stack}`).not.toContain('canary');
});

test('the message of a loader is kept wherever it is the cause', async () => {
  const cause = await thrownBy('deep.cjs', `require('module-that-nobody-has');`);
  const error = new SessionError('DATABASE_ERROR', 'Failed.', { cause: new Error('canary', { cause }) });
  const inner = (error.cause as Error).cause as Error;
  expect(inner.message).toContain("Cannot find module 'module-that-nobody-has'");
  expect((error.cause as Error).message).toBe('no code');
});

test('an error of ours stays as it is', () => {
  const own = new SessionError('UNSUPPORTED_RUNTIME', 'Too old.');
  expect(loadFailure('driver', own)).toBe(own);
  expect(isSessionError(loadFailure('driver', undefined))).toBe(true);
});

test('a Node that is too old is refused', () => {
  expect(() => requireNode('driver', 22, '20.20.2')).toThrow(
    expect.objectContaining({ code: 'UNSUPPORTED_RUNTIME' }),
  );
  expect(() => requireNode('driver', 22, '22.0.0')).not.toThrow();
  expect(() => requireNode('driver', 22)).not.toThrow();
});
