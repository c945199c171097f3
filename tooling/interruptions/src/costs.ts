import { readFileSync } from 'node:fs';

/** What a call sends to the server. */
export interface Cost {
  readonly statements: number;
  /** Times that the call waits for the server; absent where there is none. */
  readonly roundTrips?: number;
}

const HEADING = '## What a call costs';

/**
 * The costs that a README promises, by the names of the calls: its table of calls, statements and round trips.
 *
 * @throws Error if there is no such table.
 */
export function documentedCosts(readme: URL): ReadonlyMap<string, Cost> {
  const [, section = ''] = readFileSync(readme, 'utf8').split(`\n${HEADING}\n`);
  const rows = section.split('\n## ')[0]?.matchAll(/^\| (`.+?) *\| *(\d+) *\|(?: *(\d+) *\|)?$/gm) ?? [];
  const costs = new Map<string, Cost>();
  for (const [, name = '', statements, roundTrips] of rows) {
    costs.set(name.replaceAll('`', ''), {
      statements: Number(statements),
      ...(roundTrips === undefined ? {} : { roundTrips: Number(roundTrips) }),
    });
  }
  if (costs.size === 0) throw new Error(`${readme.pathname} has no table under "${HEADING}"`);
  return costs;
}
