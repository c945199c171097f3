import type Sqlite from 'better-sqlite3';

/**
 * Looks at a copy that was made while others wrote.
 *
 * @throws Error if it is damaged or has a part of a turn.
 */
export function checkCopy(database: Sqlite.Database): void {
  const answer = database.pragma('integrity_check', { simple: true });
  if (answer !== 'ok') throw new Error(`the copy is damaged: ${answer}`);
  const turns = new Map<string, number>();
  for (const { message_data } of database.prepare('SELECT message_data FROM agent_messages').all() as {
    message_data: string;
  }[]) {
    const [conversation, writer, number, , size] = (
      JSON.parse(message_data) as { content: string }
    ).content.split(' ', 5);
    const turn = `${conversation} ${writer} ${number}, of ${size}`;
    turns.set(turn, (turns.get(turn) ?? 0) + 1);
  }
  for (const [turn, count] of turns) {
    if (!turn.endsWith(`, of ${count}`)) throw new Error(`the copy has ${count} items of the turn ${turn}`);
  }
}
