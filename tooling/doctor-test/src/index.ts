import type { SessionStore } from '@stackone/sessions-core';
import type { Doctor, Finding } from '@stackone/sessions-core/doctor';
import { expect } from 'vitest';

/** What is said in the conversations: no finding may show it. */
export const SECRET = 'the secret of the conversation';

/** What a user of the database has: no finding may show it either. */
export const PASSWORD = 'the password of the user';

/** Two conversations, one of them a tenant's, with three items together. */
export async function fillConversations(store: SessionStore): Promise<void> {
  await store.session('chat_123').addItems(
    [
      { role: 'user', content: SECRET },
      { role: 'assistant', status: 'completed', content: [{ type: 'output_text', text: 'Yes.' }] },
    ],
    undefined,
    { operationId: 'op_1' },
  );
  await store
    .scoped('acme')
    .session('chat_1')
    .addItems([{ role: 'user', content: SECRET }]);
}

/** Something that is wrong in the rows of {@link fillConversations}, whichever the database. */
interface PlantedRow {
  readonly sql: string;
  readonly found: readonly string[];
}

/** What a doctor of each database finds. */
export const PLANTED_ROWS: Readonly<Record<string, PlantedRow>> = {
  'a row that is no item': {
    sql: `UPDATE agent_messages SET message_data = '${SECRET}' WHERE id = 3`,
    found: ['wrong CORRUPT_ITEMS'],
  },
  'a title that cannot be read': {
    sql: `INSERT INTO agent_sessions_metadata (session_id, description, version) VALUES ('chat_123', '${SECRET}', 1)`,
    found: ['wrong CORRUPT_ITEMS'],
  },
  'what is encrypted, and no key': {
    sql: `UPDATE agent_messages SET message_data = '{"__enc__":1,"v":1,"kid":"hkdf-v1","payload":"gAAAAA"}' WHERE id = 3`,
    found: ['wrong KEYS'],
  },
  'a result without its call': {
    sql: `UPDATE agent_messages SET message_data = '{"type":"function_call_result","callId":"c","name":"f","status":"completed","output":"${SECRET}"}' WHERE id = 3`,
    found: ['wrong INVALID_INPUT'],
  },
};

/** The tables that statements make, in their order. */
export function tablesOf(schemaSql: readonly string[]): string[] {
  return schemaSql.flatMap((sql) => /^CREATE TABLE IF NOT EXISTS (\S+)/.exec(sql)?.[1] ?? []);
}

/** What is found. */
export async function allOf(findings: AsyncIterable<Finding>): Promise<Finding[]> {
  const found: Finding[] = [];
  for await (const finding of findings) found.push(finding);
  return found;
}

/** What a doctor finds, and what is left after all has been done that loses nothing. Closes the doctor. */
export async function examined(
  doctor: Doctor,
  full = true,
): Promise<{ findings: Finding[]; left: Finding[] | undefined }> {
  try {
    const findings = await allOf(doctor.examine({ full }));
    const fixes = new Set(findings.flatMap(({ fix }) => (fix ? [fix] : [])));
    for (const fix of fixes) await doctor.repair(fix);
    const left = fixes.size > 0 ? await allOf(doctor.examine()) : undefined;
    return { findings, left };
  } finally {
    await doctor.close();
  }
}

/** What is not good, with its level. Whatever is found, it must show no secret, and say what to do. */
export function problems(findings: readonly Finding[]): string[] {
  expect(JSON.stringify(findings)).not.toContain(SECRET);
  expect(JSON.stringify(findings)).not.toContain(PASSWORD);
  for (const { level, advice } of findings) expect(Boolean(advice)).toBe(level !== 'good');
  return findings.filter(({ level }) => level !== 'good').map(({ level, code }) => `${level} ${code}`);
}
