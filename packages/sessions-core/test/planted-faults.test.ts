import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { MemorySession } from '@openai/agents-core';
import { describe, expect, test } from 'vitest';
import {
  BACKEND_CONTRACTS,
  type BackendSubject,
  type Case,
  type Contract,
  runCase,
  SESSION_CONTRACTS,
  type SessionSubject,
  sessionConformance,
} from '../src/conformance/index.js';
import { checkSessionId, decodeItem, encodeItems, type SessionBackend } from '../src/index.js';
import { BACKEND_FAULTS, type PlantedFault, SESSION_FAULTS } from './planted-faults.js';

/** The exports of a source text. */
function load<T>(source: string): Promise<T> {
  return import(`data:text/javascript,${encodeURIComponent(source)}`) as Promise<T>;
}

function sourceOf(file: string): string {
  return readFileSync(new URL(file, import.meta.url), 'utf8');
}

/** The source with one line replaced, where that line stands exactly once. */
function withFault(source: string, { line, becomes }: PlantedFault): string {
  assert.equal(source.split(line).length, 2, `this line does not stand there exactly once: ${line}`);
  return source.replace(line, () => becomes);
}

async function openToyStore(source: string): Promise<() => SessionSubject> {
  const { createToyStore } = await load<{ createToyStore: (core: object) => SessionSubject }>(source);
  return () => createToyStore({ encodeItems, decodeItem, checkSessionId });
}

async function openToyBackend(source: string): Promise<() => BackendSubject> {
  const { createToyBackend } = await load<{ createToyBackend: () => SessionBackend }>(source);
  return () => ({ backend: createToyBackend() });
}

function allCases<Subject>(contracts: readonly Contract<Subject>[]): readonly Case<Subject>[] {
  return contracts.flatMap(({ cases }) => cases);
}

function defineFaultTests<Subject extends { close?(): unknown }>(
  file: string,
  open: (source: string) => Promise<() => Subject>,
  contracts: readonly Contract<Subject>[],
  faults: readonly PlantedFault[],
): void {
  const source = sourceOf(file);
  const cases = allCases(contracts);

  test('no two cases have the same name', () => {
    expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length);
  });

  test.each(cases)('the right implementation passes: $name', async (one) => {
    await runCase(one, await open(source));
  });

  test.each(faults)('$fault: noticed by "$fails"', async (fault) => {
    const one = cases.find(({ name }) => name === fault.fails);
    assert.ok(one, `there is no case "${fault.fails}"`);
    const openFaulty = await open(withFault(source, fault));
    await expect(runCase(one, openFaulty)).rejects.toThrow();
  });
}

describe('the suite of the session methods', () => {
  defineFaultTests('./toy-store.mjs', openToyStore, SESSION_CONTRACTS, SESSION_FAULTS);
});

describe('the suite of the port', () => {
  defineFaultTests('./toy-backend.mjs', openToyBackend, BACKEND_CONTRACTS, BACKEND_FAULTS);

  test('every case is named by a fault', () => {
    const named = new Set(BACKEND_FAULTS.map(({ fails }) => fails));
    expect(allCases(BACKEND_CONTRACTS).filter(({ name }) => !named.has(name))).toEqual([]);
  });
});

/** The SDK's own session, with one object for each id, as its conversations live in the object. */
sessionConformance({
  name: "the SDK's MemorySession",
  describe,
  test,
  open: () => {
    const sessions = new Map<string, MemorySession>();
    const session = (sessionId: string) => {
      const known = sessions.get(sessionId) ?? new MemorySession({ sessionId });
      sessions.set(sessionId, known);
      return known;
    };
    return { session };
  },
  supports: { anyValue: true },
});
