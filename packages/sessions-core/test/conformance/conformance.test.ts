import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { SessionBackend } from '../../src/backend.js';
import {
  backendSuite,
  checkConformance,
  type Suite,
  sessionSuite,
  storeConformance,
  storeSuite,
} from '../../src/conformance/index.js';
import { SessionError, SessionStore, type SessionSupport } from '../../src/index.js';
import { createToyBackend } from './toy-backend.mjs';

const EVERYTHING = { durable: false, shared: true, edit: true, operations: true, transactions: false };
const NOTHING = { ...EVERYTHING, edit: false, operations: false };

/** Stores over one backend, which can do what the manifest says. */
function toyParts(supports: SessionSupport) {
  const backend: SessionBackend = Object.assign(createToyBackend(), { supports });
  const open = (engine = () => backend) =>
    new SessionStore({ name: 'toy', supports, open: engine }).on('warning', () => {});
  return {
    store: open(),
    reopen: () => open(),
    insertRaw: (sessionId: string, text: string) => backend.append([{ sessionId, texts: [text] }]),
    outOfReach: () => {
      let mended = false;
      const engine = () => {
        if (!mended) throw new SessionError('CONNECTION_FAILED', 'out of reach');
        return backend;
      };
      return { store: open(engine), mend: () => (mended = true) };
    },
  };
}

const never = new Promise<never>(() => {});
const parts = { tenants: true, limits: true, reopen: true, raw: true, outOfReach: true };
for (const [name, supports] of Object.entries({
  'that can do everything': EVERYTHING,
  'with the five methods alone': NOTHING,
})) {
  storeConformance({
    name: `a store ${name}`,
    describe,
    test,
    open: () => toyParts(supports),
    supports: { ...supports, ...parts },
  });
}

describe('a manifest that is not true', () => {
  const lie = async (truth: SessionSupport, told: SessionSupport) => {
    const suite = storeSuite({ name: 'liar', open: () => toyParts(truth), supports: told });
    const { contracts } = await checkConformance(suite, 30_000);
    const cases = contracts.flatMap((contract) => contract.cases);
    return cases.filter(({ outcome }) => outcome === 'failed').map(({ name }) => name);
  };
  const methods = 'the optional methods of the SDK are there where they are promised, and nowhere else';
  const manifest = 'the manifest is the one that was promised, before the store is open and after';

  test('promises too little', async () => {
    expect(await lie(EVERYTHING, NOTHING)).toEqual([methods, manifest]);
  });

  test('promises too much', async () => {
    const failed = await lie(NOTHING, EVERYTHING);
    expect(failed).toEqual(expect.arrayContaining([methods, manifest]));
    expect(failed.length).toBeGreaterThan(20);
  });
});

describe('checkConformance', () => {
  const suiteOf = (cases: Suite<object>['contracts'][number]['cases']): Suite<object> => ({
    name: 'a suite',
    contracts: [{ name: 'a contract', cases }],
    open: () => ({}),
    supports: {},
  });

  test('reports what passed, what failed and with what, and what was not covered', async () => {
    const reason = new Error('wrong');
    const suite = suiteOf([
      { name: 'right', run: async () => {} },
      { name: 'wrong', run: () => Promise.reject(reason) },
      { name: 'unable', needs: ['wings'], run: async () => {} },
    ]);
    expect(await checkConformance(suite, 1000)).toEqual({
      name: 'a suite',
      passed: 1,
      failed: 1,
      notCovered: 1,
      contracts: [
        {
          name: 'a contract',
          cases: [
            { name: 'right', outcome: 'passed' },
            { name: 'wrong', outcome: 'failed', error: reason },
            { name: 'unable', outcome: 'not covered', needs: ['wings'] },
          ],
        },
      ],
    });
  });

  test('a case that never ends, in open() or in run(), fails after the time limit', async () => {
    const hanging = suiteOf([{ name: 'hanging', run: () => never }]);
    for (const suite of [hanging, { ...hanging, open: () => never }]) {
      const { contracts } = await checkConformance(suite, 20);
      expect(contracts[0]?.cases[0]).toMatchObject({
        outcome: 'failed',
        error: { message: 'not done after 0.02 s' },
      });
    }
  });

  test('what fails outside of every call fails the case under way', async () => {
    const reason = new Error('from a callback');
    const suite = suiteOf([{ name: 'under way', run: () => never }]);
    const { contracts } = await checkConformance(suite, 10_000, () => Promise.reject(reason));
    expect(contracts[0]?.cases[0]).toMatchObject({ outcome: 'failed', error: reason });
  });
});

test('the README says how many cases there are, and a store has more than 80', () => {
  const count = ({ contracts }: { contracts: readonly { cases: readonly unknown[] }[] }) =>
    contracts.reduce((sum, { cases }) => sum + cases.length, 0);
  const counts = {
    backendConformance: count(backendSuite({ name: '', open: () => never, supports: EVERYTHING })),
    storeConformance: count(storeSuite({ name: '', open: () => never, supports: EVERYTHING })),
    sessionConformance: count(sessionSuite({ name: '', open: () => never })),
  };
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  for (const [suite, cases] of Object.entries(counts)) {
    const told = Number(new RegExp(`\`${suite}\`.*\\| (?:more than )?(\\d+)`).exec(readme)?.[1]);
    expect(cases, suite).toBeGreaterThanOrEqual(told);
    expect(told, suite).toBeGreaterThan(0.8 * cases);
  }
  expect(counts.storeConformance).toBeGreaterThanOrEqual(80);
});
