import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { ChatError } from './chat-error.ts';
import type { AppDatabase } from './database.ts';

/** The right to work on a conversation: one at a time, in all processes together. */
export interface Claim {
  /** Aborts when the claim was lost, when another request asks for an end, and on {@link abort}. */
  readonly signal: AbortSignal;
  abort(): void;
  release(): Promise<void>;
}

/**
 * Lets one run at a time work on a conversation. A claim is a row that ends by itself: its process renews it, so that the conversation of
 * a process that was killed is free again after `lease` ms.
 */
export class RunClaims {
  readonly #db: AppDatabase;
  readonly #lease: number;

  constructor(db: AppDatabase, lease: number) {
    this.#db = db;
    this.#lease = lease;
  }

  /** @throws ChatError `busy` if somebody has it. */
  async take(tenant: string, conversation: string): Promise<Claim> {
    const { now } = this.#db;
    const id = randomUUID();
    const taken = await this.#db.query(
      `INSERT INTO chat_runs (tenant, conversation, id, until, stop) VALUES ($1, $2, $3, ${now} + $4, 0)
       ON CONFLICT (tenant, conversation) DO UPDATE SET id = excluded.id, until = excluded.until, stop = 0
       WHERE chat_runs.until < ${now} RETURNING id`,
      [tenant, conversation, id, this.#lease],
    );
    if (taken.length > 0) return this.#claim(id);
    throw new ChatError(409, 'busy', 'An answer is on its way already, perhaps in another tab.');
  }

  /**
   * Asks the process that has it to end, and takes it then.
   *
   * @throws ChatError `busy` if it does not end within two leases.
   */
  async takeOver(tenant: string, conversation: string): Promise<Claim> {
    const end = performance.now() + 2 * this.#lease;
    for (;;) {
      try {
        return await this.take(tenant, conversation);
      } catch (error) {
        if (!(error instanceof ChatError) || performance.now() > end) throw error;
      }
      await this.#db.query('UPDATE chat_runs SET stop = 1 WHERE tenant = $1 AND conversation = $2', [
        tenant,
        conversation,
      ]);
      await wait(this.#lease / 20);
    }
  }

  async isTaken(tenant: string, conversation: string): Promise<boolean> {
    const rows = await this.#db.query(
      `SELECT 1 AS taken FROM chat_runs WHERE tenant = $1 AND conversation = $2 AND until >= ${this.#db.now}`,
      [tenant, conversation],
    );
    return rows.length > 0;
  }

  #claim(id: string): Claim {
    const controller = new AbortController();
    let renewed = performance.now();
    const renew = async () => {
      const asked = performance.now();
      const [row] = await this.#db.query<{ stop: number }>(
        `UPDATE chat_runs SET until = ${this.#db.now} + $2 WHERE id = $1 RETURNING stop`,
        [id, this.#lease],
      );
      if (row?.stop !== 0) controller.abort();
      renewed = asked;
    };
    const timer = setInterval(() => {
      // a database that does not answer is asked again until the lease is over
      renew().catch(() => performance.now() - renewed > this.#lease && controller.abort());
    }, this.#lease / 5);
    return {
      signal: controller.signal,
      abort: () => controller.abort(),
      release: async () => {
        clearInterval(timer);
        await this.#db.query('DELETE FROM chat_runs WHERE id = $1', [id]);
      },
    };
  }
}
