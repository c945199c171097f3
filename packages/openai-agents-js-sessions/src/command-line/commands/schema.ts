import type { Command } from 'commander';
import { addDatabaseCommand, addUrlArgument } from '../command.js';
import { type DatabaseOptions, openStore, storeOptions } from '../database.js';
import { databaseUrl } from '../database-url.js';
import { CommandFailure, EXIT } from '../exit-codes.js';
import { Output } from '../terminal/output.js';
import { UsageError } from '../usage-error.js';

interface SchemaOptions extends DatabaseOptions {
  readonly apply?: boolean;
  readonly check?: boolean;
}

/** `sessions schema`. */
export function addSchema(program: Command): void {
  const command = addDatabaseCommand(program, {
    name: 'schema',
    summary: 'print, make or check the tables',
    description:
      'Prints the statements that make the tables, without connecting; each can run alone, and again. With --apply it makes what is missing, ' +
      'with --check it ends with 1 where anything is missing or other than a store wants it.',
    tenant: 'of no use here: tenants share the tables',
    examples: [
      'sessions schema postgres://localhost/app',
      'sessions schema --apply sqlite:./new.db',
      'sessions schema --check sqlite:./sessions.db',
    ],
  });
  addUrlArgument(command)
    .option('--apply', 'make what is missing')
    .option('--check', 'change nothing, and fail where something is missing')
    .action((url: string | undefined, options: SchemaOptions) => schema(url, options));
}

async function schema(argument: string | undefined, options: SchemaOptions): Promise<void> {
  const { apply = false, check = false } = options;
  if (apply && check) throw new UsageError('Give --apply or --check.');
  const url = databaseUrl({ ...options, argument });
  const output = new Output(options);
  await output.getReady();
  if (!apply && !check) {
    const statements = await statementsFor(url, options);
    await (output.isJson
      ? output.json({ statements })
      : output.write(statements.map((statement) => `${statement};\n`).join('')));
    return;
  }
  const warnings: string[] = [];
  const given = { ...storeOptions(options), createTables: apply };
  const store = await openStore(url, given, output, (warning) => warnings.push(warning)).catch(
    (error: unknown) => {
      throw check ? asDrift(error) : error;
    },
  );
  try {
    // warnings come a moment later
    await new Promise((resolve) => setImmediate(resolve));
    if (output.isJson) await output.json({ isCurrent: warnings.length === 0, warnings });
    else if (warnings.length === 0) await output.lines('The tables are as they should be.');
    if (check && warnings.length > 0)
      throw new CommandFailure('The tables are not as they should be.', EXIT.failed);
  } finally {
    await store.close();
  }
}

/** Tables that are missing are what is looked for, and not a database that is not there. */
function asDrift(error: unknown): unknown {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: string };
  if (code !== 'TABLE_MISSING' && code !== 'SCHEMA_MISMATCH') return error;
  return new CommandFailure(`${code}: ${message}`, EXIT.failed);
}

async function statementsFor(url: string, options: SchemaOptions): Promise<readonly string[]> {
  const { tables, schema: name } = storeOptions(options);
  const { mysqlSchemaSql, parseStoreUrl, postgresSchemaSql, sqliteSchemaSql } = await import(
    '../../index.js'
  );
  switch (parseStoreUrl(url).scheme) {
    case 'memory':
      throw new UsageError('A store in memory has no tables.');
    case 'sqlite':
      return sqliteSchemaSql({ tables });
    case 'postgres':
      return postgresSchemaSql({ tables, schema: name });
    case 'mysql':
      return mysqlSchemaSql({ tables, schema: name, server: /^mariadb:/i.test(url) ? 'mariadb' : 'mysql' });
  }
}
