import { randomUUID } from 'node:crypto';
import type { AppDatabase } from './database.ts';

/** A call that waits until a person has decided. */
export interface WaitingCall {
  readonly callId: string;
  readonly name: string;
  /** JSON, as the model wrote it. */
  readonly arguments: string;
}

/** What a conversation waits for. */
export interface Approval {
  readonly id: string;
  readonly calls: readonly WaitingCall[];
  /** The run, as the SDK wrote it. */
  readonly state: string;
}

/** Runs that wait for a person, kept in the database: any process can go on with them, at any time. */
export class Approvals {
  readonly #db: AppDatabase;

  constructor(db: AppDatabase) {
    this.#db = db;
  }

  async find(tenant: string, conversation: string): Promise<Approval | undefined> {
    const [row] = await this.#db.query<{ id: string; calls: string; state: string }>(
      'SELECT id, calls, state FROM chat_approvals WHERE tenant = $1 AND conversation = $2',
      [tenant, conversation],
    );
    return row && { ...row, calls: JSON.parse(row.calls) as WaitingCall[] };
  }

  /** Keeps it in the place of the one before. */
  async save(
    tenant: string,
    conversation: string,
    { calls, state }: Omit<Approval, 'id'>,
  ): Promise<Approval> {
    const id = randomUUID();
    await this.#db.query(
      `INSERT INTO chat_approvals (tenant, conversation, id, calls, state) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT (tenant, conversation) DO UPDATE SET id = excluded.id, calls = excluded.calls, state = excluded.state`,
      [tenant, conversation, id, JSON.stringify(calls), state],
    );
    return { id, calls, state };
  }

  async remove(tenant: string, conversation: string): Promise<void> {
    await this.#db.query('DELETE FROM chat_approvals WHERE tenant = $1 AND conversation = $2', [
      tenant,
      conversation,
    ]);
  }
}
