import { randomUUID } from 'node:crypto';
import type { AgentInputItem, Session } from '@openai/agents-core';
import type { Awaitable } from '../port/awaitable.js';

/** The two functions of a test runner that the suite needs. vitest, jest, bun and node:test have them. */
export interface TestRunner {
  describe(name: string, body: () => void): unknown;
  test(name: string, body: () => Promise<void>): unknown;
}

/** One promise, as a test that needs no other test and no empty database. */
export interface Case<Subject> {
  /** The promise in plain words. No two cases of a suite have the same. */
  readonly name: string;
  /** What the subject must offer for this case; without it the case is reported as not covered. */
  readonly needs?: readonly string[];
  /** Throws if the promise is broken. */
  readonly run: (subject: Subject, supports: Features) => Promise<void>;
}

/** What the subject is said to offer, by the names that {@link Case.needs} has. */
export type Features = Readonly<Record<string, boolean | undefined>>;

/** The cases of one contract. */
export interface Contract<Subject> {
  readonly name: string;
  readonly cases: readonly Case<Subject>[];
}

/** Contracts, and what they are asked of. */
export interface Suite<Subject extends { close?(): Awaitable<unknown> }> {
  readonly name: string;
  readonly contracts: readonly Contract<Subject>[];
  /** Makes the subject of one case. */
  readonly open: () => Awaitable<Subject>;
  readonly supports: Features;
}

/** What a run of the suite covers, and what it leaves out and why. */
export interface Coverage {
  readonly covered: readonly string[];
  readonly notCovered: readonly { readonly name: string; readonly needs: readonly string[] }[];
}

/** Where sessions come from: a store, or anything else that makes SDK sessions over shared conversations. */
export interface SessionSource {
  /**
   * A session over the conversation with this id. Two calls with one id may give two objects; both must show the
   * same conversation.
   */
  session(sessionId: string): Awaitable<Session>;
}

/** What the suite is run against; made anew for each case. */
export interface SessionSubject extends SessionSource {
  /** The same conversations again, over another connection, as another process sees them. For `reopen`. */
  reopen?(): Awaitable<SessionSource & { close?(): Awaitable<unknown> }>;
  /** Writes a row with any text to a conversation that has rows, behind the session's back. For `raw`. */
  insertRaw?(sessionId: string, text: string): Awaitable<unknown>;
  /** Called after the case. */
  close?(): Awaitable<unknown>;
}

/** Defines a test for every case that the subject can be asked. */
export function defineCases<Subject extends { close?(): Awaitable<unknown> }>(
  suite: Suite<Subject>,
  { describe, test }: TestRunner,
): Coverage {
  const { name, contracts } = suite;
  const covered: string[] = [];
  const notCovered: { name: string; needs: readonly string[] }[] = [];
  describe(name, () => {
    for (const contract of contracts) {
      const able = contract.cases.filter((one) => {
        const needs = lacking(one, suite.supports);
        if (needs.length > 0) notCovered.push({ name: one.name, needs });
        return needs.length === 0;
      });
      if (able.length === 0) continue;
      describe(contract.name, () => {
        for (const one of able) {
          covered.push(one.name);
          test(one.name, () => runCase(one, suite.open, suite.supports));
        }
      });
    }
  });
  if (notCovered.length > 0) console.info(coverageReport(name, { covered, notCovered }));
  return { covered, notCovered };
}

/** Cases that all need one feature, whatever else each of them needs. */
export function needing<Subject>(feature: string, cases: readonly Case<Subject>[]): readonly Case<Subject>[] {
  return cases.map((one) => ({ ...one, needs: [feature, ...(one.needs ?? [])] }));
}

/** What a case needs and the subject does not offer. */
export function lacking(one: Pick<Case<never>, 'needs'>, supports: Features): string[] {
  return (one.needs ?? []).filter((need) => !supports[need]);
}

/**
 * Runs one case against a subject of its own.
 *
 * @example
 * ```ts
 * const [contract] = suite.contracts;
 * for (const one of contract.cases) await runCase(one, suite.open, suite.supports);
 * ```
 */
export async function runCase<Subject extends { close?(): Awaitable<unknown> }>(
  one: Case<Subject>,
  open: () => Awaitable<Subject>,
  supports: Features,
): Promise<void> {
  const subject = await open();
  try {
    await one.run(subject, supports);
  } finally {
    await subject.close?.();
  }
}

function coverageReport(name: string, { covered, notCovered }: Coverage): string {
  const lines = notCovered.map((one) => `  ${one.name} (needs: ${one.needs.join(', ')})`);
  return `${name}: ${covered.length} cases; not covered:\n${lines.join('\n')}`;
}

/** An id that no other case and no other run uses. */
export function newId(label = 'conformance'): string {
  return `${label}-${randomUUID()}`;
}

/** A user message. */
export function message(text: string): AgentInputItem {
  return { type: 'message', role: 'user', content: text };
}

/** The messages `first`, `first + 1`, ... */
export function messages(count: number, prefix = 'm'): AgentInputItem[] {
  return Array.from({ length: count }, (_, index) => message(`${prefix}${index}`));
}

/** The texts of messages, to compare and to print. */
export function contents(items: readonly AgentInputItem[]): unknown[] {
  return items.map((item) => (item as { content?: unknown }).content);
}
