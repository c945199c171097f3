import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { MemorySession, protocol } from '@openai/agents-core';
import { describe, expect, test } from 'vitest';
import { checkSessionId, decodeItem, encodeItems, type SessionBackend } from '../../src/backend.js';
import {
  type BackendSubject,
  backendSuite,
  runCase,
  type StoreParts,
  type Suite,
  sessionConformance,
  storeSuite,
} from '../../src/conformance/index.js';
import { SessionError } from '../../src/index.js';
import { BACKEND_FAULTS } from './planted-faults/backends.js';
import { CALL_LIMIT_FAULTS } from './planted-faults/call-limits.js';
import { CONVERSATION_FAULTS, STORE_CONVERSATION_FAULTS } from './planted-faults/conversations.js';
import { COPYING_FAULTS, STORE_COPYING_FAULTS } from './planted-faults/copying.js';
import { ERASING_FAULTS, STORE_ERASING_FAULTS } from './planted-faults/erasing.js';
import type { PlantedFault } from './planted-faults/fault.js';
import { HISTORY_FAULTS } from './planted-faults/history.js';
import { HISTORY_READ_FAULTS } from './planted-faults/history-reads.js';
import { ID_FAULTS } from './planted-faults/ids.js';
import { LIMIT_FAULTS } from './planted-faults/limits.js';
import { OPERATION_ID_FAULTS } from './planted-faults/operation-ids.js';
import { OWN_TRANSACTION_FAULTS } from './planted-faults/own-transactions.js';
import { PRUNING_FAULTS, STORE_PRUNING_FAULTS } from './planted-faults/pruning.js';
import { RESTORING_FAULTS } from './planted-faults/restoring.js';
import { RUN_FAULTS } from './planted-faults/runs.js';
import { SESSION_FAULTS } from './planted-faults/sessions.js';
import { STORE_FAULTS } from './planted-faults/stores.js';
import { TENANT_FAULTS } from './planted-faults/tenants.js';
import { TURN_FAULTS } from './planted-faults/turns.js';
import { STORE_USAGE_FAULTS, USAGE_FAULTS } from './planted-faults/usage.js';
import { VALUE_FAULTS } from './planted-faults/values.js';
import { CHANGES_FAULTS, WATCH_FAULTS } from './planted-faults/watching.js';
import { WRONG_ANSWERS } from './planted-faults/wrong-answers.js';

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

const isItem = (value: unknown) =>
  protocol.ModelItem.safeParse(value).success && isDeepStrictEqual(JSON.parse(JSON.stringify(value)), value);

const everything = {
  durable: false,
  shared: true,
  edit: true,
  operations: true,
  transactions: true,
  conversations: true,
  history: true,
  metadata: true,
  copying: true,
  usage: true,
  runs: true,
  erasure: true,
  retention: true,
  restoring: true,
  watching: true,
  ownTransactions: true,
};

async function toyStoreSuite(source: string) {
  const { createToyParts } = await load<{ createToyParts: (core: object) => StoreParts }>(source);
  const core = { encodeItems, decodeItem, checkSessionId, isItem, SessionError };
  return storeSuite({
    name: 'toy store',
    open: () => createToyParts(core),
    supports: {
      ...everything,
      tenants: true,
      limits: true,
      reopen: true,
      raw: true,
      outOfReach: true,
      inTransaction: true,
    },
  });
}

async function toyBackendSuite(source: string): Promise<Suite<BackendSubject>> {
  const { createToyBackend } = await load<{ createToyBackend: () => SessionBackend }>(source);
  return backendSuite({
    name: 'toy backend',
    open: () => ({ backend: createToyBackend() }),
    supports: { ...everything, shared: false, transactions: false },
  });
}

async function defineFaultTests<Subject extends { close?(): unknown }>(
  file: string,
  suiteOf: (source: string) => Promise<Suite<Subject>>,
  faults: readonly PlantedFault[],
): Promise<void> {
  const source = sourceOf(file);
  const right = await suiteOf(source);
  const cases = right.contracts.flatMap((contract) => contract.cases);

  test('no two cases have the same name', () => {
    expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length);
  });

  test('every case is named by a fault', () => {
    const named = new Set(faults.map(({ fails }) => fails));
    expect(cases.map(({ name }) => name).filter((name) => !named.has(name))).toEqual([]);
  });

  test.each(cases)('the right implementation passes: $name', async (one) => {
    await runCase(one, right.open, right.supports);
  });

  test.each(faults)('$fault: noticed by "$fails"', async (fault) => {
    const { open, supports } = await suiteOf(withFault(source, fault));
    const one = cases.find(({ name }) => name === fault.fails);
    assert.ok(one, `there is no case "${fault.fails}"`);
    const error: unknown = await runCase(one, open, supports).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error, 'the case passes all the same').toBeInstanceOf(Error);
    expect(error, 'the fault itself is not what it should be').not.toBeInstanceOf(ReferenceError);
  });
}

describe('the suite of a store and its sessions', async () => {
  const faults = [
    ...SESSION_FAULTS,
    ...LIMIT_FAULTS,
    ...ID_FAULTS,
    ...VALUE_FAULTS,
    ...HISTORY_FAULTS,
    ...OPERATION_ID_FAULTS,
    ...STORE_FAULTS,
    ...CALL_LIMIT_FAULTS,
    ...OWN_TRANSACTION_FAULTS,
    ...TENANT_FAULTS,
    ...STORE_CONVERSATION_FAULTS,
    ...TURN_FAULTS,
    ...STORE_COPYING_FAULTS,
    ...STORE_USAGE_FAULTS,
    ...STORE_ERASING_FAULTS,
    ...STORE_PRUNING_FAULTS,
    ...WATCH_FAULTS,
  ];
  await defineFaultTests('./toy-store.mjs', toyStoreSuite, faults);
});

describe('the suite of the port', async () => {
  await defineFaultTests('./toy-backend.mjs', toyBackendSuite, [
    ...BACKEND_FAULTS,
    ...CONVERSATION_FAULTS,
    ...WRONG_ANSWERS,
    ...HISTORY_READ_FAULTS,
    ...COPYING_FAULTS,
    ...RESTORING_FAULTS,
    ...USAGE_FAULTS,
    ...RUN_FAULTS,
    ...ERASING_FAULTS,
    ...PRUNING_FAULTS,
    ...CHANGES_FAULTS,
  ]);
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
  supports: { anyValue: true, historyTransactions: true, historyMutations: true },
});
