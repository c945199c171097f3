import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { World } from '../world.ts';
import { SECRET } from './calls.ts';
import type { Failing } from './failing.ts';
import { canaryIn } from './walk.ts';

/** What nobody may see, though he may see what is stored. */
const NEVER = [SECRET.password, SECRET.key, SECRET.otherKey];
const IDS = [SECRET.session, SECRET.other, SECRET.tenant];

/** A command line, and what it is asked to print. */
interface CommandLine {
  readonly args: readonly string[];
  /** `contents`: what is stored. `ids`: which conversations there are. */
  readonly prints: 'contents' | 'ids';
}

const printing = (prints: CommandLine['prints'], ...lines: string[][]): CommandLine[] =>
  lines.map((args) => ({ args, prints }));

/** Every command that works on a database, but those that work on conversations of their own. */
const commands = (file: string, hasKey: boolean): readonly CommandLine[] => [
  ...printing(
    'contents',
    ['list', '--prefix', SECRET.session],
    ['show', SECRET.session],
    ['tail', SECRET.session],
    ['turns', SECRET.session],
    ['grep', SECRET.item],
    ['runs'],
    ['runs', 'show', 'run'],
    ['export'],
    ['rewind', SECRET.session, '--yes'],
  ),
  ...printing(
    'ids',
    ['doctor', '--full'],
    ['schema', '--check'],
    ['stats'],
    ['runs', 'cancel', 'run', '--yes'],
    ['import', file],
    ['fork', SECRET.session, SECRET.other],
    ['rename', SECRET.other, `${SECRET.other} again`],
    ['prune', '--keep-turns', '1', '--yes'],
    ...(hasKey ? [['reencrypt']] : []),
    ['delete', SECRET.session, '--yes'],
    ['doctor', '--fix', '--yes'],
  ),
];

/** What the program ends with then. */
const MISUSE = 2;

/** A conversation as `sessions export` prints it, whose item is none. */
const EXPORTED = JSON.stringify({ id: SECRET.other, title: SECRET.title, items: [{ item: SECRET.item }] });

const MANIFEST = new URL(import.meta.resolve('@stackone/openai-agents-js-sessions/package.json'));
const { bin } = JSON.parse(readFileSync(MANIFEST, 'utf8')) as { readonly bin: { readonly sessions: string } };
const PROGRAM = fileURLToPath(new URL(bin.sessions, MANIFEST));

/** What was printed that may not be, and how many command lines failed. */
interface Printed {
  readonly leaks: readonly string[];
  readonly failed: number;
  /** Those that were not understood. */
  readonly misused: readonly string[];
}

/**
 * Gives every command on a database on which it fails, and looks through what is printed. Errors and warnings have nothing of what is stored.
 *
 * @param folder - For a file that is imported.
 */
export async function playCommands(world: World, failing: Failing, folder: string): Promise<Printed> {
  const { url = world.url ?? '', options = {} } = failing;
  const { encryption, ...store } = options;
  const file = join(folder, `${world.engine}.jsonl`);
  writeFileSync(file, EXPORTED);
  const environment = {
    SESSIONS_URL: url,
    ...(encryption && { SESSIONS_ENCRYPTION_KEY: String(encryption.key) }),
  };
  const leaks: string[] = [];
  const misused: string[] = [];
  let failed = 0;
  for (const { args, prints } of commands(file, encryption !== undefined)) {
    const { code, stdout, stderr } = await run([...args, '--store', JSON.stringify(store)], environment);
    if (code !== 0) failed++;
    if (code === MISUSE) misused.push(args.join(' '));
    const look = (stream: string, text: string, texts: readonly string[]) => {
      const found = canaryIn(text, { texts });
      if (found) leaks.push(`${args.slice(0, 2).join(' ')}, ${stream}${found}`);
    };
    look('stderr', stderr, []);
    const shown =
      prints === 'ids' ? IDS : Object.values(SECRET).filter((one) => !NEVER.includes(one as never));
    look('stdout', stdout, shown);
  }
  return { leaks, failed, misused };
}

function run(
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  const { SESSIONS_URL, DATABASE_URL, SESSIONS_ENCRYPTION_KEY, ...inherited } = process.env;
  const { promise, resolve } = Promise.withResolvers<{ code: number; stdout: string; stderr: string }>();
  const env = { ...inherited, ...environment };
  execFile(process.execPath, [PROGRAM, ...args], { env, maxBuffer: 2 ** 26 }, (error, stdout, stderr) =>
    resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
  );
  return promise;
}
