import { expect, test } from 'vitest';
import { indexStatements, repairStatements, schemaSql } from '../src/ddl.js';
import { mysqlNames, statements } from '../src/statements.js';

const names = mysqlNames();

/** Every statement text there is, with values. */
function everything(): string[] {
  const sql = statements(names);
  const operation = { sessionId: 's', id: 'o', digest: 'd' };
  return [
    sql.begin,
    sql.commit,
    sql.rollback,
    sql.savepoint,
    sql.release,
    sql.rollbackToSavepoint,
    sql.lock(['a', 'b']),
    sql.lockUntouched('a'),
    sql.touch('a'),
    sql.lockExisting('a'),
    `${sql.insertRows}${sql.insertedRow({ sessionId: 'a', text: 'text \\' })}`,
    sql.read('a', 20, '7'),
    sql.read('a'),
    sql.newestId('a'),
    sql.copyTime('a', '7'),
    sql.update('a', '7', 'text'),
    sql.remove('a', ['7', '8']),
    sql.removeAll('a'),
    sql.removeSession('a'),
    sql.removeOperations('a'),
    sql.readOperation('a', 'o'),
    sql.insertOperations([operation, operation]),
    ...Object.values(indexStatements(names)),
    ...schemaSql({ server: 'mysql' }),
    ...repairStatements(names, 'mysql', ['agent_messages_ibfk_1']),
  ];
}

/**
 * What one of MySQL 8.0.17 to 9.x and MariaDB 10.6 to 11.x refuses, deprecates or reads differently, and what a proxy
 * cannot route or a pooled connection would keep (hazards B4, B12).
 */
const DENIED: Readonly<Record<string, RegExp>> = {
  'RETURNING: MariaDB only': /\bRETURNING\b/i,
  'row alias of INSERT: MySQL only': /VALUES .*\bAS \w+ ON DUPLICATE|\bAS new\b/i,
  'VALUES() in ON DUPLICATE KEY: deprecated on MySQL': /UPDATE .*\bVALUES ?\(/i,
  'functional index: MySQL only': /(?:KEY|INDEX) [^(]*\(\s*\(/i,
  'descending index: MariaDB from 10.8': /(?:KEY|INDEX) [^)]*\bDESC\b/i,
  'CREATE INDEX IF NOT EXISTS: MariaDB only': /CREATE (?:UNIQUE )?INDEX/i,
  'ADD ... IF NOT EXISTS: MariaDB only': /ADD (?:COLUMN|INDEX|KEY|CONSTRAINT) IF NOT EXISTS/i,
  'FOR SHARE: MySQL only': /\bFOR SHARE\b/i,
  'VALUES ROW(): MySQL only': /\bVALUES ROW\b/i,
  'JSON type and operators': /->>|\bJSON\b/i,
  'LATERAL: MySQL only': /\bLATERAL\b/i,
  'common table expressions': /\bWITH \w+ AS\b/i,
  'DELETE with ORDER BY, or REPLACE INTO': /DELETE .*ORDER BY|REPLACE INTO/i,
  'session state': /\bSET (?:SESSION|NAMES|@)|@\w+|GET_LOCK|LAST_INSERT_ID|LOCK TABLES|\bTEMPORARY\b/i,
  'several statements in one text': /;\s*\S/,
  'double quotes: strings or names, by mode': /"/,
  'a backslash: an escape or not, by mode': /\\/,
  'BEGIN: a block under MariaDB sql_mode ORACLE': /^BEGIN\b/i,
  'utf8 and utf8mb3': /\butf8(?:mb3)?\b/i,
};

test('tables of others get a foreign key only where they had one', () => {
  const keysIn = (keys: readonly string[]) =>
    repairStatements(names, 'mysql', keys).filter((sql) => sql.includes('FOREIGN KEY'));
  expect(keysIn([])).toEqual([]);
  expect(keysIn(['agent_messages_ibfk_1'])).toHaveLength(2);
});

test.each(Object.entries(DENIED))('no statement has: %s', (_why, pattern) => {
  expect(everything().filter((sql) => pattern.test(sql))).toEqual([]);
});

test.each([
  ['RETURNING: MariaDB only', 'DELETE FROM t RETURNING id'],
  ['row alias of INSERT: MySQL only', 'INSERT INTO t (a) VALUES (1) AS n ON DUPLICATE KEY UPDATE a = n.a'],
  ['VALUES() in ON DUPLICATE KEY: deprecated on MySQL', 'INSERT ... ON DUPLICATE KEY UPDATE a = VALUES(a)'],
  ['functional index: MySQL only', 'KEY i ((lower(a)))'],
  ['CREATE INDEX IF NOT EXISTS: MariaDB only', 'CREATE INDEX IF NOT EXISTS i ON t (a)'],
])('the pattern would catch: %s', (why, sql) => {
  expect(sql).toMatch(DENIED[why] as RegExp);
});

test('every statement on rows names the sessions', () => {
  const onRows = everything().filter((sql) => /^(?:SELECT|UPDATE|DELETE)/.test(sql));
  expect(onRows.length).toBeGreaterThan(8);
  for (const sql of onRows) expect(sql).toMatch(/WHERE session_id (?:=|>=) 'a'/);
});

test('the two servers get one text, apart from the collation', () => {
  const mariadb = schemaSql({ server: 'mariadb' }).map((sql) => sql.replaceAll('nopad_bin', '0900_bin'));
  expect(mariadb).toEqual(schemaSql({ server: 'mysql' }));
});
