import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { UsageError } from './usage-error.js';

/** Where the URL of a database may be. */
export interface UrlSources {
  /** The argument of the command. */
  readonly argument?: string | undefined;
  /** The option `--url`. */
  readonly url?: string;
  /** The option `--env`. */
  readonly env?: string;
}

/** The variables that may hold the URL, the first one first. */
const VARIABLES = ['SESSIONS_URL', 'DATABASE_URL'] as const;

/**
 * The URL of the database: the argument, the option, then a variable of the file that was named, or of the environment.
 *
 * @throws UsageError that says where it may be.
 */
export function databaseUrl({ argument, url, env }: UrlSources): string {
  if (argument !== undefined && url !== undefined)
    throw new UsageError('The URL of the database is there twice: as an argument and as --url.');
  const found = argument ?? url ?? variable(VARIABLES, env);
  if (found === undefined) {
    throw new UsageError(
      'Which database? Give its URL as the last argument or as --url, or set SESSIONS_URL or DATABASE_URL ' +
        '(--env .env reads them from a file).',
    );
  }
  return found;
}

/** The first of these variables that is not empty; those of the file that was named come before those of the environment. */
export function variable(names: readonly string[], env: string | undefined): string | undefined {
  const sources = env === undefined ? [process.env] : [variablesIn(env), process.env];
  for (const source of sources) {
    for (const name of names) if (source[name]) return source[name];
  }
  return undefined;
}

function variablesIn(file: string): NodeJS.Dict<string> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`The file of --env cannot be read: ${(error as NodeJS.ErrnoException).code}.`);
  }
  return parseEnv(text);
}
