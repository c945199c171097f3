/**
 * No server of this kind can be had on this machine. `reasons` has one entry for each way that was tried.
 * Anything else that goes wrong (a server that is there but does not start) is another error: it must not
 * look like an absence, or its tests would be skipped.
 */
export class EngineUnavailable extends Error {
  readonly target: string;
  readonly reasons: readonly string[];
  constructor(target: string, reasons: readonly string[]) {
    super(`${target} is not to be had: ${reasons.join('; ')}`);
    this.name = 'EngineUnavailable';
    this.target = target;
    this.reasons = reasons;
  }
}

/** The ways to a server that this package starts, in the order in which they are tried. */
type WayName = 'machine' | 'packages' | 'docker';

/** One way to get a server: what it finds, or why it is not taken. */
export interface Way<T> {
  readonly name: WayName;
  find(): Promise<T | Declined>;
}

/** Why a way was not taken, in a few words. */
export class Declined {
  readonly reason: string;
  constructor(reason: string) {
    this.reason = reason;
  }
}

/**
 * The first way that finds something, with the reasons why those before it did not. `TEST_SERVERS_WAYS`, a list
 * such as `machine,docker`, leaves out the ways that it does not name.
 *
 * @throws EngineUnavailable if none finds anything.
 */
export async function firstWay<T>(
  target: string,
  ways: readonly Way<T>[],
): Promise<{ found: T; declined: readonly string[] }> {
  const allowed = process.env.TEST_SERVERS_WAYS?.split(',');
  const declined: string[] = [];
  for (const way of ways) {
    const outcome =
      allowed && !allowed.includes(way.name)
        ? new Declined(`TEST_SERVERS_WAYS leaves out ${way.name}`)
        : await way.find();
    if (!(outcome instanceof Declined)) return { found: outcome, declined };
    declined.push(outcome.reason);
  }
  throw new EngineUnavailable(target, declined);
}
