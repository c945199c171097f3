import { type Command, type CommandOptions, InvalidArgumentError } from 'commander';

/** What a command says about itself. */
export interface CommandTexts {
  readonly name: string;
  readonly summary: string;
  readonly description: string;
  /** Whole command lines. The tests run them, in a folder with a `sessions.db`. */
  readonly examples: readonly string[];
  /** What `--tenant` does. Default: it leads to the conversations of a tenant, and not to those without one. */
  readonly tenant?: string;
}

/** Adds a command, with its examples under its help. */
export function addCommand(
  program: Command,
  { name, summary, description, examples }: CommandTexts,
  options: CommandOptions = {},
): Command {
  return program
    .command(name, options)
    .summary(summary)
    .description(description)
    .addHelpText('after', `\nExamples:\n${examples.map((example) => `  $ ${example}\n`).join('')}`);
}

/** Adds a command on a database. Its own arguments come before the URL: see {@link addUrlArgument}. */
export function addDatabaseCommand(
  program: Command,
  texts: CommandTexts,
  options: CommandOptions = {},
): Command {
  return addCommand(program, texts, options)
    .option('--url <url>', 'the URL of the database, if it is not the last argument')
    .option('--env <file>', 'read SESSIONS_URL, DATABASE_URL and SESSIONS_ENCRYPTION_KEY from this file')
    .option('--tenant <tenant>', texts.tenant ?? 'the conversations of this tenant, not those without one')
    .option('--store <json>', 'options of the store, for example {"tables":{"sessions":"a","messages":"b"}}')
    .option('--json', 'print JSON, a value on each line')
    .option('--quiet', 'print no warnings and notes');
}

/** Adds the URL as the last argument. */
export function addUrlArgument(command: Command): Command {
  return command.argument(
    '[url]',
    'the URL of the database, else SESSIONS_URL or DATABASE_URL of the environment',
  );
}

/** Adds what commands need that destroy something. */
export function addYesOption(command: Command): Command {
  return command.option('-y, --yes', 'do not ask; needed where there is no terminal');
}

/** A number of an option. */
export function wholeNumber(text: string): number {
  const number = Number(text);
  if (!(Number.isSafeInteger(number) && number >= 1)) {
    throw new InvalidArgumentError('It must be a whole number of at least 1.');
  }
  return number;
}

/** A time limit of an option, in ms. */
export function secondsToMs(text: string): number {
  const seconds = Number(text);
  if (!(seconds > 0 && seconds <= 86_400)) throw new InvalidArgumentError('It must be a number of seconds.');
  return seconds * 1000;
}

const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A time of an option, which may be so long ago. */
export function timeOrAge(text: string): Date {
  const [, count, unit = ''] = /^(\d+)([mhd])$/.exec(text) ?? [];
  return count === undefined ? time(text) : new Date(Date.now() - Number(count) * (UNITS[unit] ?? 0));
}

/** A time of an option. */
export function time(text: string): Date {
  const date = new Date(text);
  if (Number.isNaN(date.getTime()))
    throw new InvalidArgumentError('It must be a time, like 2026-11-28 or 2026-11-28T12:00:00Z.');
  return date;
}
