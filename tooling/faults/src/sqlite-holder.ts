// node sqlite-holder.ts <file>
//
// Takes the lock of a database, writes within its transaction, says so, and does no more.
import Sqlite from 'better-sqlite3';

const [file = ''] = process.argv.slice(2);
const database = new Sqlite(file, { timeout: 60_000 });
database.exec('BEGIN IMMEDIATE');
database.exec(
  "INSERT INTO agent_messages (session_id, message_data) SELECT session_id, '{}' FROM agent_sessions",
);
process.send?.({ holds: true });
setInterval(() => {}, 1000);
