import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { afterAll } from 'vitest';

const run = promisify(execFile);
const FOLDER = join(import.meta.dirname, '..');
const PROGRAM = join(dirname(createRequire(import.meta.url).resolve('drizzle-kit')), 'bin.cjs');

/**
 * drizzle-kit reads the columns of a key from PostgreSQL in no order (0.31), so that it may find one of several columns changed, and plan
 * to make the same key again, depending on how the server plans its query.
 */
const SAME_KEY_AGAIN =
  /ALTER TABLE (\S+) DROP CONSTRAINT ("\w+_pkey");\s*--> statement-breakpoint\s*ALTER TABLE \1 ADD CONSTRAINT \2 PRIMARY KEY\([^)]*\);/g;

/** What drizzle-kit works on. */
export interface Project {
  readonly dialect: 'sqlite' | 'postgresql' | 'mysql';
  readonly url: string;
  /** The schema of the tables. Default: that of the database. */
  readonly schema?: string;
}

/** drizzle-kit for one database, with migrations of its own. */
export class DrizzleKit {
  /** Where the migrations are. */
  readonly migrations = mkdtempSync(join(FOLDER, 'node_modules', '.migrations-'));
  readonly #project: Project;

  constructor(project: Project) {
    this.#project = project;
    afterAll(() => rmSync(this.migrations, { recursive: true, force: true }));
  }

  /**
   * Writes a migration.
   *
   * @param tables - The file with the Drizzle tables, in `schemas`.
   * @returns Whether anything had changed.
   */
  async generate(tables: string): Promise<boolean> {
    const output = await this.#run(tables, ['generate']);
    if (output.includes('No schema changes')) return false;
    if (output.includes('Your SQL migration file')) return true;
    throw new Error(output);
  }

  /** Changes the database, without asking. */
  async push(tables: string): Promise<void> {
    const output = await this.#run(tables, ['push', '--force']);
    if (!output.includes('Changes applied')) throw new Error(output);
  }

  /** What a push would do, as statements; nothing where it finds no changes. */
  async planned(tables: string): Promise<readonly string[]> {
    // with --strict it asks before it begins, and fails as nobody can answer
    const output = await this.#run(tables, ['push', '--strict', '--verbose']);
    if (output.includes('No changes detected')) return [];
    const [, statements = ''] =
      /about to execute current statements:\s*(.*?)\s*Error: Interactive prompts/s.exec(output) ?? [];
    if (statements === '') throw new Error(output);
    return statements
      .replaceAll(SAME_KEY_AGAIN, '')
      .split('\n')
      .filter((line) => line.trim() !== '');
  }

  async #run(tables: string, args: readonly string[]): Promise<string> {
    const { dialect, url, schema } = this.#project;
    const env = {
      ...process.env,
      DIALECT: dialect,
      TABLES: tables,
      // drizzle-kit looks for it in the folder it is started in
      OUT: relative(FOLDER, this.migrations),
      DATABASE_URL: url,
      ...(schema !== undefined && { SCHEMA: schema }),
    };
    const ended = run(process.execPath, [PROGRAM, ...args], { cwd: FOLDER, env });
    ended.child.stdin?.end();
    const { stdout, stderr } = await ended.catch((error: { stdout: string; stderr: string }) => error);
    return stdout + stderr;
  }
}
