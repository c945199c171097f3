import type { Command } from 'commander';
import { addDatabaseCommand, addUrlArgument } from '../command.js';
import { type Database, type DatabaseOptions, onDatabase } from '../database.js';
import { CommandFailure, EXIT } from '../exit-codes.js';
import { counted } from '../terminal/counted.js';
import { withProgressLine } from '../terminal/progress-line.js';

interface ReencryptCommandOptions extends DatabaseOptions {
  readonly acceptPlaintext?: boolean;
}

/** `sessions reencrypt`. */
export function addReencrypt(program: Command): void {
  const command = addDatabaseCommand(program, {
    name: 'reencrypt',
    summary: 'encrypt with the newest key what is not',
    description:
      'Encrypts with the first key of SESSIONS_ENCRYPTION_KEY what is encrypted with the others and, with --accept-plaintext, what is not encrypted, ' +
      'while an application goes on. Of all tenants. Where it was interrupted, say it again: what is done is not done again.',
    tenant: 'of no use here: keys are those of all tenants',
    examples: [
      `SESSIONS_ENCRYPTION_KEY="$(openssl rand -base64 32)" sessions reencrypt --accept-plaintext sqlite:./sessions.db`,
    ],
  });
  addUrlArgument(command)
    .option('--accept-plaintext', 'also what is not encrypted')
    .action((url: string | undefined, options: ReencryptCommandOptions) =>
      onDatabase(url, options, (database) => reencrypt(database, options), {
        changes: ({ encryption, ...given }) => {
          if (!encryption)
            throw new CommandFailure(
              'There is no key. Set SESSIONS_ENCRYPTION_KEY: one on each line, the newest first.',
              EXIT.misuse,
            );
          return options.acceptPlaintext
            ? { ...given, encryption: { ...encryption, acceptPlaintext: true } }
            : { ...given, encryption };
        },
      }),
    );
}

async function reencrypt(
  { store, output, signal }: Database,
  { quiet, acceptPlaintext = false }: ReencryptCommandOptions,
): Promise<void> {
  const { sessions, rows, reencrypted, unopened } = await withProgressLine(
    quiet,
    'What is done stays done; the same command goes on with the rest.',
    async (show) => {
      try {
        return await store.reencrypt({
          signal,
          onProgress: (done) =>
            show(`${counted(done.sessions, 'conversation')}, ${counted(done.rows, 'row')}`),
        });
      } catch (error) {
        throw acceptPlaintext ? error : withoutCode(error);
      }
    },
  );
  await (output.isJson
    ? output.json({ sessions, rows, reencrypted, unopened })
    : output.lines(
        `encrypted ${reencrypted} of ${counted(rows, 'row')} in ${counted(sessions, 'conversation')} with the newest key`,
      ));
  if (unopened > 0)
    throw new CommandFailure(
      `left as they are, opened by no key, not encrypted, or no items: ${counted(unopened, 'row')}.`,
      EXIT.failed,
    );
}

/** An error that says what to do in code, as it is done here. */
function withoutCode(error: unknown): unknown {
  const { code, message = '' } = (error ?? {}) as { code?: unknown; message?: string };
  if (code !== 'DECRYPTION_FAILED' || !message.includes('acceptPlaintext')) return error;
  return new CommandFailure(
    `${code}: there is something that is not encrypted. If it is yours, say --accept-plaintext.`,
    EXIT.failed,
  );
}
