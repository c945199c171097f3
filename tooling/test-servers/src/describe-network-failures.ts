import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { EngineUnavailable } from './choice.ts';
import { describeAbsence, describeEngine } from './describe-engine.ts';
import type { Engine, Target } from './engines.ts';
import { startProxy } from './fault-proxy.ts';
import { NETWORK_FAILURES, type NetworkFailure, OwnNetwork } from './own-network.ts';
import { type Command, ipForOwnNetwork } from './own-network-tools.ts';

/** A program that writes while its network fails, and what it leaves. */
export interface WritingProgram {
  /** A file. It finds the server by `DATABASE_URL`, and uses ids of the form `<SESSION> <verb>`. */
  readonly program: string;
  /** In the order in which the program makes its calls: after which statement the network fails, and what is stored then. */
  readonly verbs: Readonly<Record<string, { readonly sql: RegExp; readonly stored: readonly unknown[] }>>;
  /** What is stored of a conversation, seen from outside of the program's network. */
  readonly contents: (url: string, sessionId: string) => Promise<readonly unknown[]>;
}

/**
 * Describes, for every way in which a network can fail after the server has committed and before its answer arrives, that
 * each call is told `OUTCOME_UNKNOWN` and took effect once. The errors are those of a real kernel.
 */
export function describeNetworkFailures(
  wanted: Engine | Target | readonly (Engine | Target)[],
  writing: WritingProgram,
): void {
  describeEngine(wanted, async ({ engine, server, url }) => {
    const cases = (ip: Command) =>
      test.each(Object.keys(NETWORK_FAILURES) as NetworkFailure[])('%s', async (failure) => {
        const { program, verbs, contents } = writing;
        await using proxy = await startProxy(server, { protocol: engine });
        const through = new URL(url);
        through.host = OwnNetwork.address;
        const environment = { DATABASE_URL: through.href, SESSION: randomUUID() };
        await using network = await OwnNetwork.start({ ip, port: proxy.port, program, environment });
        await network.release();
        for (const [verb, { sql, stored }] of Object.entries(verbs)) {
          expect(await network.said()).toBe(verb);
          const { promise: committed, resolve: instead } = Promise.withResolvers<void>();
          proxy.cut({ when: 'answered', sql, instead });
          await network.deafen();
          await network.release();
          await committed;
          await network.fail(failure);
          expect(JSON.parse(await network.said()), verb).toEqual({
            code: 'OUTCOME_UNKNOWN',
            cause: failure.slice(failure.lastIndexOf(' ') + 1),
          });
          expect(await contents(url, `${environment.SESSION} ${verb}`), verb).toEqual(stored);
          await network.mend(failure);
          await network.release();
        }
      });
    try {
      cases(await ipForOwnNetwork());
    } catch (error) {
      if (!(error instanceof EngineUnavailable)) throw error;
      describeAbsence(error, () => void cases(['ip']));
    }
  });
}
