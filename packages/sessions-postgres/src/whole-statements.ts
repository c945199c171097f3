import { USAGE_COLUMNS, USAGE_COUNTS, type WholeConversation } from '@stackone/sessions-core/backend';
import { type BoundStatement, milliseconds } from './conversation-statements.js';
import type { SideTables } from './conversations.js';
import { asJson } from './parameters.js';
import { isErased, type PostgresNames, qualifiedTables } from './statements.js';

/**
 * The statements that read and write conversations with all that is kept of them.
 *
 * @param has - Which of the side tables are there.
 */
export function wholeStatements(names: PostgresNames, has: SideTables) {
  const { sessions, messages, operations, metadata, usage } = qualifiedTables(names);
  const restored = restoreText(names, has);
  return {
    /** One statement, so that all of it is of one moment. */
    kept(sessionIds: readonly string[], limit: number | undefined): BoundStatement {
      const wanted =
        'session_id = ANY (ARRAY (SELECT value FROM json_array_elements_text($1::text::json) AS value))';
      const [text, version] = has.metadata ? ['d.description', 'd.version::text'] : ['NULL', 'NULL'];
      const described = has.metadata ? ` LEFT JOIN ${metadata} AS d ON d.session_id = s.session_id` : '';
      const parts = [
        `SELECT 'session' AS kind, s.session_id AS session, ${version} AS key, ${text} AS text, ` +
          `${milliseconds('s.created_at')} AS at, ${milliseconds('s.updated_at')} AS more ` +
          `FROM ${sessions} AS s${described} WHERE s.${wanted}`,
        `(SELECT 'item', m.session_id, m.id::text, m.message_data, ${milliseconds('m.created_at')}, NULL FROM ${messages} AS m ` +
          `WHERE m.${wanted} ORDER BY m.session_id, m.id LIMIT $2::text::bigint)`,
      ];
      if (has.operations)
        parts.push(
          `SELECT 'operation', session_id, operation_id, digest, ${milliseconds("(created_at AT TIME ZONE 'UTC')")}, NULL ` +
            `FROM ${operations} WHERE ${wanted}`,
        );
      if (has.usage)
        parts.push(
          `SELECT 'usage', session_id, response, concat_ws(' ', ${[...USAGE_COLUMNS, 'model'].join(', ')}), recorded_at::text, turn::text ` +
            `FROM ${usage} WHERE ${wanted}`,
        );
      return [parts.join(' UNION ALL '), [asJson(sessionIds), limit === undefined ? null : String(limit)]];
    },
    /** A conversation that is as it was when it was changed last. Parameters: the id, and when. */
    lockAsChanged: `SELECT 1 FROM ${sessions} WHERE session_id = $1 AND ${milliseconds('updated_at')} = $2 FOR UPDATE`,
    restore(conversations: readonly WholeConversation[]): BoundStatement {
      let place = 0;
      const given = conversations.map(({ id, createdAt, updatedAt, description }) => ({
        session_id: id,
        created: createdAt,
        updated: updatedAt,
        description: description?.text,
        version: description?.version,
      }));
      const items = conversations.flatMap(({ id, rows }) =>
        rows.map(({ text, createdAt }) => ({ session_id: id, text, created: createdAt, place: place++ })),
      );
      const parameters = [asJson(given), asJson(items)];
      if (has.operations) parameters.push(asJson(conversations.flatMap(operationRows)));
      if (has.usage) parameters.push(asJson(conversations.flatMap(usageRows)));
      return [restored, parameters];
    },
  };
}

export type WholeStatements = ReturnType<typeof wholeStatements>;

function operationRows({ id, operations = [] }: WholeConversation) {
  return operations.map((one) => ({
    session_id: id,
    operation_id: one.id,
    digest: one.digest,
    created: one.createdAt,
  }));
}

function usageRows({ id, tenant, usage = [] }: WholeConversation) {
  return usage.map((one) => ({ ...one, session_id: id, tenant }));
}

/**
 * The one statement of a restoration. Rows get their ids above the sort. Parameters: the conversations, all items, and where there are
 * tables for them all operations and all usage, each as JSON.
 */
function restoreText(names: PostgresNames, has: SideTables): string {
  const { sessions, messages, operations, metadata, erasures, usage } = qualifiedTables(names);
  const time = (milliseconds: string) => `to_timestamp(${milliseconds} / 1000)`;
  const isDescribed = `EXISTS (SELECT FROM ${metadata} AS d WHERE d.session_id = given.session_id)`;
  const wasErased = `EXISTS (${isErased(erasures, 'given.session_id')})`;
  const counts = USAGE_COUNTS.map((name) => `"${name}" bigint`).join(', ');
  const parts = [
    `given AS MATERIALIZED (
  SELECT given.*, ${has.metadata ? isDescribed : 'false'} AS described, ${has.erasures ? wasErased : 'false'} AS erased
  FROM json_to_recordset($1::text::json) AS given(session_id text, created float8, updated float8, description text, version bigint)
)`,
    `made AS (
  INSERT INTO ${sessions} (session_id, created_at, updated_at)
  SELECT session_id, ${time('created')}, ${time('updated')} FROM given WHERE NOT described AND NOT erased
  ORDER BY session_id COLLATE "C" ON CONFLICT (session_id) DO NOTHING RETURNING session_id
)`,
    `added AS (
  INSERT INTO ${messages} (session_id, message_data, created_at)
  SELECT item.session_id, item.text, ${time('item.created')}
  FROM json_to_recordset($2::text::json) AS item(session_id text, text text, created float8, place int)
  JOIN made ON made.session_id = item.session_id ORDER BY item.place RETURNING session_id, id
)`,
  ];
  if (has.metadata)
    parts.push(`titled AS (
  INSERT INTO ${metadata} (session_id, description, version)
  SELECT given.session_id, given.description, given.version FROM given JOIN made ON made.session_id = given.session_id
  WHERE given.description IS NOT NULL
)`);
  if (has.operations)
    parts.push(`remembered AS (
  INSERT INTO ${operations} (session_id, operation_id, digest, created_at)
  SELECT one.session_id, one.operation_id, one.digest, ${time('one.created')} AT TIME ZONE 'UTC'
  FROM json_to_recordset($3::text::json) AS one(session_id text, operation_id text, digest text, created float8)
  JOIN made ON made.session_id = one.session_id
)`);
  if (has.usage)
    parts.push(`used AS (
  INSERT INTO ${usage} (session_id, response, tenant, turn, model, recorded_at, ${USAGE_COLUMNS.join(', ')})
  SELECT one.session_id, one.key, one.tenant, (SELECT placed.id FROM (
    SELECT added.id, row_number() OVER (ORDER BY added.id) - 1 AS place FROM added WHERE added.session_id = one.session_id
  ) AS placed WHERE placed.place = one.turn), one.model, one."recordedAt", ${USAGE_COUNTS.map((name) => `one."${name}"`).join(', ')}
  FROM json_to_recordset($${has.operations ? 4 : 3}::text::json)
    AS one(session_id text, key text, tenant text, turn bigint, model text, "recordedAt" bigint, ${counts})
  JOIN made ON made.session_id = one.session_id ON CONFLICT (session_id, response) DO NOTHING
)`);
  return `WITH ${parts.join(', ')}
SELECT given.session_id AS session, CASE WHEN made.session_id IS NOT NULL THEN 'stored' WHEN given.erased THEN 'erased' ELSE 'taken' END AS outcome
FROM given LEFT JOIN made ON made.session_id = given.session_id`;
}
