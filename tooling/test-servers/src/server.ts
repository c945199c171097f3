import { randomBytes } from 'node:crypto';
import type { TlsMaterial } from './certificates.ts';
import type { Engine } from './engines.ts';
import { runSql } from './sql-connection.ts';

/** The text that says where a server is and who may enter; it crosses from the runner to the test files. */
export interface ServerAddress {
  readonly engine: Engine;
  /** The exact version, such as `18.4` or `10.11.14`. */
  readonly version: string;
  readonly host: string;
  readonly port: number;
  /** A user that may do everything. */
  readonly user: string;
  readonly password: string;
  /** Certificates, if TLS was asked for when it was started. */
  readonly tls?: TlsMaterial;
  /** The server behind this one, which databases are made on (PgBouncer only). */
  readonly behind?: ServerAddress;
  /** The URL that the environment gave, kept for its parameters. */
  readonly givenUrl?: string;
}

/** What a fresh database is made with; an absent one is the server's own default. */
export interface DatabaseOptions {
  /** `LATIN1` on PostgreSQL, `latin1` on MySQL and MariaDB, for example. */
  readonly characterSet?: string;
  /** A collation of MySQL and MariaDB, a locale of PostgreSQL. */
  readonly collation?: string;
}

/** The database that is there on every PostgreSQL server. */
const FIRST_DATABASE = { postgres: 'postgres', pgbouncer: 'postgres', mysql: '', mariadb: '' };

/**
 * Waits half a second at most for clients that have said goodbye: the end() of a pool does not wait until the server has read
 * it, and a client that is killed then throws an error that nobody can catch any more.
 */
const untilClientsAreGone = (database: string) => `
  DO $$ BEGIN
    FOR attempt IN 1..50 LOOP
      PERFORM pg_stat_clear_snapshot();
      EXIT WHEN NOT EXISTS (SELECT FROM pg_stat_activity WHERE datname = '${database.replaceAll("'", "''")}' AND backend_type = 'client backend');
      PERFORM pg_sleep(0.01);
    END LOOP;
  END $$`;

/** A running server that tests connect to. */
export class TestServer {
  readonly engine: Engine;
  readonly version: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly tls: TlsMaterial | undefined;
  /** All of the above as plain data. */
  readonly address: ServerAddress;

  constructor(address: ServerAddress) {
    this.address = address;
    this.engine = address.engine;
    this.version = address.version;
    this.host = address.host;
    this.port = address.port;
    this.user = address.user;
    this.password = address.password;
    this.tls = address.tls;
  }

  /**
   * The URL of a database of this server; without a name, the one every PostgreSQL has, and none on MySQL.
   *
   * @example server.url('app'); // postgres://test:test@127.0.0.1:40123/app
   */
  url(database: string = FIRST_DATABASE[this.engine]): string {
    const scheme = this.engine === 'pgbouncer' ? 'postgres' : this.engine;
    const url = new URL(this.address.givenUrl ?? `${scheme}://${this.host}:${this.port}`);
    if (!this.address.givenUrl) {
      url.username = encodeURIComponent(this.user);
      url.password = encodeURIComponent(this.password);
    }
    url.pathname = `/${encodeURIComponent(database)}`;
    return url.href;
  }

  /**
   * Makes a database and returns its name.
   *
   * @param name Its name; a random one if absent.
   * @throws the driver's error, for one if there is a database of this name.
   * @example const url = server.url(await server.createDatabase());
   */
  async createDatabase(name = `test_${randomBytes(6).toString('hex')}`, options: DatabaseOptions = {}) {
    const { characterSet, collation } = options;
    const sql = [`CREATE DATABASE ${this.#quoted(name)}`];
    if (this.#isPostgres) {
      // the template's own encoding is the only one that a copy of template1 may have
      if (characterSet || collation) sql.push('TEMPLATE template0');
      if (characterSet) sql.push(`ENCODING '${characterSet}'`);
      if (collation) sql.push(`LOCALE '${collation}'`);
    } else {
      if (characterSet) sql.push(`CHARACTER SET ${characterSet}`);
      if (collation) sql.push(`COLLATE ${collation}`);
    }
    await this.query(sql.join(' '));
    return name;
  }

  /** Removes a database with all that is in it, though clients may be connected. */
  async dropDatabase(name: string): Promise<void> {
    if (this.engine === 'postgres') await this.query(untilClientsAreGone(name));
    const force = this.#isPostgres ? ' WITH (FORCE)' : '';
    await this.query(`DROP DATABASE IF EXISTS ${this.#quoted(name)}${force}`);
  }

  /**
   * Runs one statement as the user that may do everything, over a connection of its own, and returns its rows.
   * Behind PgBouncer it goes to PostgreSQL itself.
   *
   * @throws the driver's error.
   */
  query(sql: string, database?: string): Promise<readonly Record<string, unknown>[]> {
    const { behind } = this.address;
    return behind ? new TestServer(behind).query(sql, database) : this.queryThrough(sql, database);
  }

  /** As {@link query}, but through PgBouncer where there is one. */
  queryThrough(sql: string, database?: string): Promise<readonly Record<string, unknown>[]> {
    return runSql(this, sql, database ?? FIRST_DATABASE[this.engine]);
  }

  get #isPostgres(): boolean {
    return this.engine === 'postgres' || this.engine === 'pgbouncer';
  }

  #quoted(name: string): string {
    return this.#isPostgres ? `"${name.replaceAll('"', '""')}"` : `\`${name.replaceAll('`', '``')}\``;
  }
}
