import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { parseStoreUrl } from '@stackone/openai-agents-js-sessions';

/** What the command line asks for. */
export interface Settings {
  readonly help: boolean;
  /** Show the conversation instead of going on with it. */
  readonly history: boolean;
  /** Show it in a browser. */
  readonly studio: boolean;
  /** Messages to send, instead of asking for them. */
  readonly say: readonly string[];
  readonly url: string;
  readonly session: string;
}

/** The ignored folder of the project where the chat keeps its file. */
export const FOLDER = resolve(import.meta.dirname, '../../.data');

/** The store for who names none. */
export const DEFAULT_URL = `sqlite:${relative(process.cwd(), join(FOLDER, 'quickstart.db'))}`;

/** The environment variable for a URL that the arguments of a process should not show. */
export const URL_VARIABLE = 'SESSIONS_URL';

const DEFAULT_SESSION = 'quickstart';

export const HELP = `A chat with an agent that remembers. It is kept in a database, by a session of the OpenAI Agents JS SDK.

Usage: npm run quickstart -- [options]

  --url <url>       the store: sqlite:./chat.db, or any other URL that openSessionStore takes.
                    Default: SESSIONS_URL of the environment, or a SQLite file in .data of this project
  --session <id>    which conversation. Default: quickstart
  --say <message>   send this message instead of asking for one; may be repeated
  --history         show the conversation and end
  --studio          print the address of a page that shows it in a browser, as it goes on
  --help            show this and end

With OPENAI_API_KEY in the environment OpenAI answers; without it an offline stand-in, which can only repeat what
the conversation says. Where the input is not a terminal, two processes play a short conversation: the second must
remember what the first was told.`;

/**
 * Reads the arguments of the command line.
 *
 * @throws TypeError for an option that is not known, or lacks its value.
 */
export function readSettings(args: readonly string[]): Settings {
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: { type: 'boolean', short: 'h', default: false },
      history: { type: 'boolean', default: false },
      studio: { type: 'boolean', default: false },
      say: { type: 'string', multiple: true, default: [] },
      url: { type: 'string', default: process.env[URL_VARIABLE] || DEFAULT_URL },
      session: { type: 'string', default: DEFAULT_SESSION },
    },
  });
  return values;
}

/**
 * The command that starts the chat again with the same conversation. A URL that may hold a password is left out.
 *
 * @param options - Further options, like `--history`.
 */
export function command({ url, session }: Settings, ...options: readonly string[]): string {
  const { scheme } = parseStoreUrl(url);
  const shown = scheme === 'sqlite' ? quoted(url) : '<url>';
  const words = [
    ...(url === DEFAULT_URL ? [] : ['--url', shown]),
    ...(session === DEFAULT_SESSION ? [] : ['--session', quoted(session)]),
    ...options,
  ];
  return ['npm run quickstart', ...(words.length > 0 ? ['--', ...words] : [])].join(' ');
}

/** A word as a POSIX shell reads it. */
function quoted(word: string): string {
  return /^[\w./:@-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
