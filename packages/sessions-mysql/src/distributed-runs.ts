import type { NewRun, RunCreation, RunEntry, RunName } from '@stackone/sessions-core/backend';
import type { DistributedRunStatements } from './distributed-statements.js';
import type { Send } from './driver-types.js';
import { checkPacket } from './inserts.js';
import { type MysqlRunParts, MysqlRuns } from './runs.js';

/** The verbs on runs, in tables that are split over nodes. */
export class DistributedRuns extends MysqlRuns {
  readonly #sql: DistributedRunStatements;

  constructor(parts: MysqlRunParts, sql: DistributedRunStatements) {
    super({ ...parts, sql });
    this.#sql = sql;
  }

  /** A node does not know that another one has the run, under the id of another conversation. */
  override async create(run: NewRun): Promise<RunCreation> {
    this.check();
    const found = await this.run(this.#sql.read(run.runId));
    return found ? { outcome: 'found', run: found } : super.create(run);
  }

  /** The row of the run is locked and read first, as no INSERT ... SELECT goes through every proxy. */
  protected override adding(run: RunName, entry: RunEntry): (send: Send) => Promise<unknown> {
    const statement = this.#sql.addOf(run, '', entry);
    checkPacket(statement, entry.content, this.parts.maxPacket);
    return async (send) => {
      const [row] = (await send(this.#sql.tenantOf(run))).rows;
      if (row) await send(this.#sql.addOf(run, String(row.tenant), entry));
    };
  }

  protected override alone(add: (send: Send) => Promise<unknown>): Promise<unknown> {
    return this.parts.executor.atomically(async (send) => {
      await add(send);
      return undefined;
    });
  }
}
