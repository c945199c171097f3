import { readFileSync } from 'node:fs';

/** What a call sends. */
export interface Cost {
  /** Times that the call waits for the server; 0 where there is none. */
  readonly roundTrips: number;
  readonly statements: number;
}

/** What the page says of one call. */
export interface DocumentedCall extends Cost {
  /** What each of the statements does. */
  readonly list: readonly string[];
  /** How many statements the call takes on a conversation that is not there. */
  readonly onNew: number;
  /** Whose lock it waits for. */
  readonly lock: 'none' | 'conversation' | 'database';
}

/** What the page says of turns that share a commit. */
export interface DocumentedCommit {
  /** Statements of the commit itself. */
  readonly commit: number;
  /** Statements more for each turn. */
  readonly turn: number;
}

/** The engines, as the page's headings and tables call them. */
export type DocumentedEngine =
  | 'PostgreSQL'
  | 'MySQL and MariaDB'
  | 'MySQL and MariaDB, a statement in each text'
  | 'SQLite';

const PAGE = new URL('../../../docs/costs.md', import.meta.url);

/** What `docs/costs.md` says about an engine: the numbers that the tests hold the store to. */
export class DocumentedCosts {
  readonly #engine: DocumentedEngine;
  readonly #calls: ReadonlyMap<string, DocumentedCall>;

  constructor(engine: DocumentedEngine) {
    this.#engine = engine;
    this.#calls = new Map(
      rowsUnder(engine).map(([name = '', roundTrips, statements, list = '', onNew, lock = '']) => [
        name.replaceAll('`', ''),
        {
          roundTrips: numberIn(roundTrips),
          statements: numberIn(statements),
          list: list.split(', '),
          onNew: numberIn(onNew),
          lock: lockIn(lock),
        },
      ]),
    );
  }

  /** The calls that the page knows, in its order. */
  names(): string[] {
    return [...this.#calls.keys()];
  }

  /** @throws Error for a call that the page does not know. */
  of({ name }: { readonly name: string }): DocumentedCall {
    const call = this.#calls.get(name);
    if (!call) throw new Error(`docs/costs.md says nothing of "${name}" under "${this.#engine}"`);
    return call;
  }

  /** @throws Error if the page says nothing about turns of that kind. */
  ofCommit(kind: string): DocumentedCommit {
    const row = rowsUnder('Turns that share a commit').find(
      ([engine, turns]) => engine === this.#engine && turns?.replaceAll('`', '') === kind,
    );
    return { commit: numberIn(row?.[2]), turn: numberIn(row?.[3]) };
  }
}

/** The cells of the table under a heading, without its head. */
function rowsUnder(heading: string): string[][] {
  const [, section = ''] = readFileSync(PAGE, 'utf8').split(`\n## ${heading}\n`);
  const lines = section.split('\n## ')[0]?.match(/^\|.*\|$/gm) ?? [];
  return lines.slice(2).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

function numberIn(cell: string | undefined): number {
  if (!cell || !/^\d+$/.test(cell)) throw new Error(`docs/costs.md has "${cell}" where a number is expected`);
  return Number(cell);
}

function lockIn(cell: string): DocumentedCall['lock'] {
  if (cell === 'none' || cell === 'conversation' || cell === 'database') return cell;
  throw new Error(`docs/costs.md has "${cell}" where a lock is expected`);
}
