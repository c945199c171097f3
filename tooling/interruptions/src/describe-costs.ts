import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { CALLS } from './calls.ts';
import { checkOnNew, checkSharedCommit } from './check-costs.ts';
import type { DocumentedCosts } from './costs.ts';
import type { MeteredStore } from './meter.ts';

/** The page has every call, and a name for each statement that it counts. */
export function testPage(costs: DocumentedCosts): void {
  test('docs/costs.md has every call, and names each of its statements', () => {
    expect(costs.names()).toEqual(CALLS.map(({ name }) => name));
    for (const call of CALLS) expect(costs.of(call).list).toHaveLength(costs.of(call).statements);
  });
}

/**
 * The calls send what the page says, where the conversation is not there and where turns share a commit. How many
 * statements they send to a conversation that is there is counted where calls are interrupted.
 *
 * @param commits - See {@link checkSharedCommit}.
 * @param asksAgain - Calls that are a statement more where they find nothing.
 */
export function describeStatements(
  costs: DocumentedCosts,
  commits: 1 | 2,
  open: () => Promise<MeteredStore & AsyncDisposable>,
  asksAgain: readonly string[] = [],
): void {
  describe('statements', () => {
    let metered: MeteredStore & AsyncDisposable;
    beforeAll(async () => {
      metered = await open();
    });
    afterAll(() => metered[Symbol.asyncDispose]());

    test.each(CALLS)('$name on a conversation that is not there', async (call) => {
      const documented = costs.of(call);
      const onNew = documented.onNew + (asksAgain.includes(call.name) ? 1 : 0);
      await checkOnNew(metered, call, { ...documented, onNew });
    });

    test.each([
      ['addItems', {}],
      ['addItems with operationId', { operationId: 'turn' }],
    ])('turns that share a commit: %s', async (kind, options) => {
      // a busy machine must not look like a commit that takes long
      const clock = vi.spyOn(process, 'uptime').mockReturnValue(process.uptime());
      try {
        await checkSharedCommit(metered, costs.ofCommit(kind), commits, options);
      } finally {
        clock.mockRestore();
      }
    });
  });
}
