import { SqliteSessionStore } from '@stackone/sessions-sqlite';
import Database from 'better-sqlite3';

/** A handle on which every statement commits by itself. */
class NeverBegins extends Database {
  prepare(sql) {
    const isBracket = /^(BEGIN|COMMIT)/.test(sql);
    return super.prepare(isBracket ? 'DELETE FROM agent_sessions WHERE 0' : sql);
  }
}

export const open = (url, onStatement) =>
  SqliteSessionStore.fromDatabase(new NeverBegins(url.replace('sqlite:', ''), { verbose: onStatement }));
