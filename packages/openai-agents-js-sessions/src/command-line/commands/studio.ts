import { once } from 'node:events';
import { type Command, InvalidArgumentError } from 'commander';
import { addDatabaseCommand, addUrlArgument } from '../command.js';
import { type Database, type DatabaseOptions, onDatabase, storeOptions } from '../database.js';
import { databaseUrl } from '../database-url.js';

interface StudioCommandOptions extends DatabaseOptions {
  readonly open?: string;
  readonly write?: boolean;
  readonly port?: number;
}

/** `sessions studio`. */
export function addStudio(program: Command): void {
  const command = addDatabaseCommand(program, {
    name: 'studio',
    summary: 'look at conversations in a browser, as they happen',
    description:
      'Serves a page on this machine alone, and prints its address, which holds a random token: conversations, what the next run is ' +
      'handed, what is added meanwhile, runs that wait, usage, and what the doctor finds. Changes nothing, unless --write allows titles, copies, ' +
      'turning back, deletion, and decisions about runs. Ctrl+C ends it. ' +
      'Needs one more package: npm install @stackone/sessions-studio',
    examples: [
      'sessions studio sqlite:./sessions.db',
      'sessions studio --open chat_123 --write sqlite:./sessions.db',
    ],
  });
  addUrlArgument(command)
    .option('--open <id>', 'the conversation that is shown first')
    .option('--write', 'let the page change conversations')
    .option('--port <number>', 'the port; else one that is free', port)
    .action((url: string | undefined, options: StudioCommandOptions) =>
      onDatabase(url, options, (database) => serve(database, url, options)),
    );
}

async function serve(
  { store, output, signal }: Database,
  argument: string | undefined,
  options: StudioCommandOptions,
): Promise<void> {
  const { serveStudio } = await loadStudio();
  const { tenant, port, write = false, open } = options;
  const doctor = async () => {
    const { openDoctor } = await import('../doctor/open-doctor.js');
    return openDoctor(databaseUrl({ ...options, argument }), storeOptions(options));
  };
  const studio = await serveStudio(store, { tenant, port, open, readOnly: !write, doctor });
  try {
    await output.write(output.isJson ? `${JSON.stringify({ url: studio.url })}\n` : `${studio.url}\n`);
    output.note(
      `Open this address in a browser. Whoever has it can ${write ? 'see and change' : 'see'} the conversations; Ctrl+C ends it.`,
    );
    if (!signal.aborted) await once(signal, 'abort');
  } finally {
    await studio.close();
  }
}

async function loadStudio(): Promise<typeof import('@stackone/sessions-studio')> {
  try {
    return await import('@stackone/sessions-studio');
  } catch (cause) {
    const { loadFailure } = await import('@stackone/sessions-core/backend');
    throw loadFailure('@stackone/sessions-studio', cause);
  }
}

function port(text: string): number {
  const number = Number(text);
  if (!(Number.isInteger(number) && number >= 1 && number <= 65_535))
    throw new InvalidArgumentError('It must be a whole number from 1 to 65535.');
  return number;
}
