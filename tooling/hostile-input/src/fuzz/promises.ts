import assert from 'node:assert/strict';
import { setTimeout as wait } from 'node:timers/promises';
import { inspect, isDeepStrictEqual } from 'node:util';
import { isSessionError, type SessionErrorCode } from '@stackone/openai-agents-js-sessions';
import { THROWN } from './values.ts';

/** What became of a call. */
export type Outcome = { readonly value: unknown } | { readonly refused: Error };

/** How the store may refuse what it is handed, besides a `TypeError`. */
const REFUSALS: readonly SessionErrorCode[] = [
  'CORRUPT_ITEM',
  'DECRYPTION_FAILED',
  'HISTORY_CHANGED',
  'INVALID_HISTORY',
  'INVALID_TRANSACTION',
  'ITEM_TOO_LARGE',
  'NOT_FOUND',
  'OPERATION_CONFLICT',
  'SESSION_EXISTS',
  'SESSION_MISSING',
  'SUFFIX_MISMATCH',
  'UNSUPPORTED',
  'UNSUPPORTED_URL',
  'UNSUPPORTED_VALUE',
  'VERSION_CONFLICT',
];

/** How long a call may take, in ms: what hangs ends then, however busy the machine. */
const LONGEST = 60_000;

/** How much of the processor a call may take, in ms. */
const MOST_WORK = 20_000;

/**
 * Makes a call, and fails unless it is either answered or refused with a typed error that says nothing of what was thrown at it, in
 * time. A method that returns a promise may not throw instead.
 *
 * @param more - Codes that are right for this call besides.
 */
export async function attempt(
  name: string,
  call: () => unknown,
  more: readonly SessionErrorCode[] = [],
): Promise<Outcome> {
  const began = process.cpuUsage();
  const outcome = await outcomeOf(name, call);
  const { user } = process.cpuUsage(began);
  assert.ok(user / 1000 < MOST_WORK, `${name} took ${Math.round(user / 1000)} ms of the processor`);
  if ('refused' in outcome) checkRefusal(name, outcome.refused, [...REFUSALS, ...more]);
  return outcome;
}

async function outcomeOf(name: string, call: () => unknown): Promise<Outcome> {
  const ending = new AbortController();
  const late = wait(LONGEST, undefined, { signal: ending.signal }).then(
    () => assert.fail(`${name} did not settle`),
    () => undefined as never,
  );
  try {
    return { value: await Promise.race([call(), late]) };
  } catch (error) {
    if (error instanceof assert.AssertionError) throw error;
    assert.ok(error instanceof Error, `${name} threw what is no error`);
    return { refused: error };
  } finally {
    ending.abort();
  }
}

function checkRefusal(name: string, error: Error, codes: readonly SessionErrorCode[]): void {
  const shown = inspect(error, { depth: Number.POSITIVE_INFINITY, showHidden: true });
  assert.ok(!shown.includes(THROWN), `${name} shows what an accessor threw: ${shown}`);
  // ours are whole sentences, those of the engine itself are not
  const isOurs = error instanceof TypeError && /[.)?]$/.test(error.message);
  const isTyped = isSessionError(error) && codes.includes(error.code);
  assert.ok(isOurs || isTyped, `${name} was not refused, it failed: ${shown}`);
}

/** Everything that all objects inherit from. */
const INHERITED = [
  Object,
  Array,
  Function,
  String,
  Number,
  Boolean,
  Symbol,
  BigInt,
  Date,
  Map,
  Set,
  Promise,
  RegExp,
  Error,
  Uint8Array,
]
  .flatMap((one): object[] => [one, one.prototype])
  .concat(JSON, Reflect, Math);

/** Remembers what all objects inherit, and tells what was changed of it since; that is undone. */
export function watchPrototypes(): () => string[] {
  const before = INHERITED.map(
    (object) => new Map(Reflect.ownKeys(object).map((key) => [key, descriptor(object, key)])),
  );
  return () =>
    INHERITED.flatMap((object, index) => {
      const known = before[index] as Map<PropertyKey, PropertyDescriptor | undefined>;
      const now = Reflect.ownKeys(object);
      const changed = [...known.keys(), ...now].filter(
        (key) => !isSame(known.get(key), descriptor(object, key)),
      );
      for (const key of changed) {
        const former = known.get(key);
        if (former) Object.defineProperty(object, key, former);
        else Reflect.deleteProperty(object, key);
      }
      return [...new Set(changed)].map(
        (key) => `${String(key)} of ${Object.prototype.toString.call(object)}`,
      );
    });
}

function descriptor(object: object, key: PropertyKey): PropertyDescriptor | undefined {
  return Object.getOwnPropertyDescriptor(object, key);
}

function isSame(one: PropertyDescriptor | undefined, other: PropertyDescriptor | undefined): boolean {
  return (
    Object.is(one?.value, other?.value) &&
    one?.get === other?.get &&
    (one === undefined) === (other === undefined)
  );
}

/** Collects rejections that nobody handles while `work` goes on, instead of whoever listens otherwise. */
export async function withoutLooseRejections(work: () => Promise<void>): Promise<void> {
  const others = process.listeners('unhandledRejection');
  const loose: unknown[] = [];
  const listener = (reason: unknown) => void loose.push(reason);
  process.removeAllListeners('unhandledRejection').on('unhandledRejection', listener);
  try {
    await work();
    await wait(0);
    assert.deepEqual(loose, [], 'a rejection that nobody handles');
  } finally {
    process.off('unhandledRejection', listener);
    for (const other of others) process.on('unhandledRejection', other);
  }
}

/** Fails unless both are the same to the last hole, in words that fit a report. */
export function assertSame(actual: unknown, expected: unknown, what: string): void {
  if (isDeepStrictEqual(actual, expected)) return;
  const show = (value: unknown) =>
    inspect(value, { depth: 8, maxStringLength: 200, breakLength: 120 }).slice(0, 2000);
  assert.fail(`${what}: ${show(actual)}\nexpected: ${show(expected)}`);
}
