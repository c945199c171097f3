import {
  type NewRun,
  RUN_COLUMNS,
  type RunCreation,
  type RunEntry,
  type RunHold,
  type RunName,
  type RunQuery,
  type RunSettlement,
  type RunState,
  type RunVerbs,
  runsMissing,
  type StoredRun,
} from '@stackone/sessions-core/backend';
import type { Answer, Send } from './driver-types.js';
import type { MysqlExecutor } from './executor.js';
import { checkPacket } from './inserts.js';
import { itemLiteral, quoteName, textLiteral } from './literals.js';
import { type MysqlNames, qualifiedName } from './statements.js';
import { NOTHING_CHANGED } from './transactions.js';

/** In ms since 1970, whatever the time zone of the connection. */
export const NOW = "TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6)) DIV 1000";

const RUN =
  'run_id AS runId, session_id AS sessionId, tenant, state, place IS NOT NULL AS alone, fence, ' +
  `CAST(lease_until AS SIGNED) - ${NOW} AS heldFor, created_at AS createdAt, changed_at AS changedAt, content`;

const COLUMNS = RUN_COLUMNS.join(', ');

const isRun = ({ runId, sessionId }: RunName) =>
  `run_id = ${textLiteral(runId)} AND session_id = ${textLiteral(sessionId)} AND entry = ''`;

const isHeld = (fence: number) => `fence = ${BigInt(fence)} AND state = 'running' AND lease_until > ${NOW}`;

/** The statements on runs, all of them on the table of runs alone. Each update changes its row, whatever the time is. */
export function runStatements(names: MysqlNames) {
  const runs = qualifiedName(names, names.runs);
  return {
    create: ({ runId, sessionId, tenant, content, alone, lease, was }: NewRun) =>
      `INSERT IGNORE INTO ${runs} (${COLUMNS}) VALUES (${textLiteral(runId)}, '', ${textLiteral(sessionId)}, ` +
      `${textLiteral(tenant)}, ${textLiteral(was?.state ?? 'running')}, ${BigInt(was?.fence ?? 1)}, ` +
      `${NOW} + ${BigInt(was ? 0 : lease)}, ${alone ? textLiteral(sessionId) : 'NULL'}, ` +
      `${was ? BigInt(was.createdAt) : NOW}, ${was ? BigInt(was.changedAt) : NOW}, ${itemLiteral(content)})`,
    read: (runId: string) => `SELECT ${RUN} FROM ${runs} WHERE run_id = ${textLiteral(runId)} AND entry = ''`,
    inPlace: (sessionId: string) => `SELECT ${RUN} FROM ${runs} WHERE place = ${textLiteral(sessionId)}`,
    /** One whose conversation is known. */
    readOf: ({ runId }: RunName) =>
      `SELECT ${RUN} FROM ${runs} WHERE run_id = ${textLiteral(runId)} AND entry = ''`,
    entries: ({ runId }: RunName) =>
      `SELECT entry AS ${quoteName('key')}, content FROM ${runs} WHERE run_id = ${textLiteral(runId)} AND entry <> ''`,
    entry: ({ runId }: RunName, key: string) =>
      `SELECT entry AS ${quoteName('key')}, content FROM ${runs} WHERE run_id = ${textLiteral(runId)} AND entry = ${textLiteral(key)}`,
    take: (run: RunName, lease: number) =>
      `UPDATE ${runs} SET state = 'running', fence = fence + 1, lease_until = ${NOW} + ${BigInt(lease)}, changed_at = ${NOW} ` +
      `WHERE ${isRun(run)} ` +
      `AND (state = 'waiting' OR state = 'running' AND lease_until <= ${NOW})`,
    hold: ({ fence, lease, ...run }: RunHold) =>
      `UPDATE ${runs} SET lease_until = ${NOW} + ${BigInt(lease)} + (lease_until = ${NOW} + ${BigInt(lease)}) ` +
      `WHERE ${isRun(run)} AND ${isHeld(fence)}`,
    add: (run: RunName, { key, content }: RunEntry) =>
      `INSERT IGNORE INTO ${runs} (${COLUMNS}) SELECT run_id, ${textLiteral(key)}, session_id, tenant, '', 0, 0, NULL, ` +
      `${NOW}, ${NOW}, ${itemLiteral(content)} FROM ${runs} WHERE ${isRun(run)}`,
    settle({ state, fence, content, ...run }: RunSettlement): string {
      const isReleased = fence === undefined && state === 'running';
      const changes = [
        ...(fence === undefined && !isReleased ? ['fence = fence + 1'] : []),
        ...(state === 'waiting' || state === 'running' ? [] : ['place = NULL']),
        ...(content === undefined ? [] : [`content = ${itemLiteral(content)}`]),
      ];
      const open = isReleased ? "state = 'waiting'" : "state IN ('running', 'waiting')";
      return (
        `UPDATE ${runs} SET ${[...changes, 'lease_until = 0', `changed_at = ${NOW}`, `state = '${state}'`].join(', ')} ` +
        `WHERE ${isRun(run)} AND ${fence === undefined ? open : isHeld(fence)}`
      );
    },
    list({ state, free, sessionId, tenant, after, limit }: RunQuery): string {
      const conditions = [
        `state = '${state}'`,
        ...(sessionId === undefined ? [] : [`session_id = ${textLiteral(sessionId)}`]),
        ...(tenant === undefined ? [] : [`tenant = ${textLiteral(tenant)}`]),
        ...(after === undefined ? [] : [`run_id > ${textLiteral(after)}`]),
        ...(free ? [`lease_until <= ${NOW}`] : []),
      ];
      return `SELECT ${RUN} FROM ${runs} WHERE entry = '' AND ${conditions.join(' AND ')} ORDER BY run_id LIMIT ${limit}`;
    },
    move: (from: string, to: string) =>
      `UPDATE ${runs} SET session_id = ${textLiteral(to)}, place = IF(place IS NULL, NULL, ${textLiteral(to)}) ` +
      `WHERE session_id = ${textLiteral(from)}`,
    remove: (sessionId: string) => `DELETE FROM ${runs} WHERE session_id = ${textLiteral(sessionId)}`,
  };
}

export type RunStatements = ReturnType<typeof runStatements>;

/** What {@link MysqlRuns} works with. */
export interface MysqlRunParts {
  readonly executor: MysqlExecutor;
  readonly sql: RunStatements;
  /** What makes the table, where it is not there. */
  readonly missing: string | undefined;
  /** The largest statement that the server takes, in bytes. */
  readonly maxPacket: number;
  /** Throws for a conversation that was erased. */
  refuseErased(send: Send, sessionId: string): Promise<void>;
  /** Makes a call, with the backend's repetitions. */
  call<T>(attempt: () => Promise<T>, repeatable?: boolean): Promise<T>;
}

/** The verbs on runs, on MySQL and MariaDB. */
export class MysqlRuns implements RunVerbs {
  protected readonly parts: MysqlRunParts;

  constructor(parts: MysqlRunParts) {
    this.parts = parts;
  }

  async create(run: NewRun): Promise<RunCreation> {
    const { executor, sql, call, refuseErased } = this.parts;
    const insert = this.#statement(sql.create(run), run.content);
    for (;;) {
      const created = await call(() =>
        executor.atomically(async (send): Promise<StoredRun | typeof NOTHING_CHANGED> => {
          if ((await send(insert)).affectedRows === 0) return NOTHING_CHANGED;
          // afterwards: an erasure that is not seen now waits for this row, and takes it along
          await refuseErased(send, run.sessionId);
          return runOf((await send(sql.readOf(run))).rows[0]) ?? NOTHING_CHANGED;
        }),
      );
      if (created) return { outcome: 'created', run: created };
      const found = await this.run(sql.read(run.runId));
      if (found) return { outcome: 'found', run: found };
      const busy = run.alone ? await this.run(sql.inPlace(run.sessionId)) : undefined;
      if (busy) return { outcome: 'busy', run: busy };
    }
  }

  async read(runId: string): Promise<{ run: StoredRun; entries: RunEntry[] } | undefined> {
    this.check();
    const { sql } = this.parts;
    const run = await this.run(sql.read(runId));
    return run && { run, entries: (await this.#read(sql.entries(run))).map(entryOf) };
  }

  async take(run: RunName, lease: number): Promise<StoredRun | undefined> {
    this.check();
    const { executor, sql, call } = this.parts;
    return call(() =>
      executor.atomically(async (send) => {
        if ((await send(sql.take(run, lease))).affectedRows === 0) return NOTHING_CHANGED;
        return runOf((await send(sql.readOf(run))).rows[0]) ?? NOTHING_CHANGED;
      }),
    );
  }

  async write(hold: RunHold, entry?: RunEntry): Promise<boolean> {
    this.check();
    const { executor, sql, call } = this.parts;
    const add = entry && this.adding(hold, entry);
    const work = () =>
      executor.atomically(async (send) => {
        if ((await send(sql.hold(hold))).affectedRows === 0) return NOTHING_CHANGED;
        await add?.(send);
        return true;
      });
    // may be repeated: what is there already stays as it is
    return (await call(work, true)) ?? false;
  }

  async add(run: RunName, entry: RunEntry): Promise<RunEntry | undefined> {
    this.check();
    const { sql, call } = this.parts;
    const add = this.adding(run, entry);
    await call(() => this.alone(add), true);
    return (await this.#read(sql.entry(run, entry.key))).map(entryOf)[0];
  }

  /** What adds an entry. */
  protected adding(run: RunName, entry: RunEntry): (send: Send) => Promise<unknown> {
    const insert = this.#statement(this.parts.sql.add(run, entry), entry.content);
    return (send) => send(insert);
  }

  /** Adds an entry by itself. */
  protected alone(add: (send: Send) => Promise<unknown>): Promise<unknown> {
    const { executor } = this.parts;
    return add((statement) => executor.run(statement));
  }

  async settle(settlement: RunSettlement): Promise<boolean> {
    this.check();
    const { executor, sql, call } = this.parts;
    const statement = this.#statement(sql.settle(settlement), settlement.content ?? '');
    return (await call(() => executor.run(statement))).affectedRows > 0;
  }

  async list(query: RunQuery): Promise<StoredRun[]> {
    this.check();
    return (await this.#read(this.parts.sql.list(query))).flatMap((row) => runOf(row) ?? []);
  }

  protected async run(statement: string): Promise<StoredRun | undefined> {
    return runOf((await this.#read(statement))[0]);
  }

  async #read(statement: string): Promise<Answer['rows']> {
    const { executor, call } = this.parts;
    return (await call(() => executor.run(statement))).rows;
  }

  #statement(statement: string, text: string): string {
    this.check();
    checkPacket(statement, text, this.parts.maxPacket);
    return statement;
  }

  protected check(): void {
    if (this.parts.missing !== undefined) throw runsMissing(this.parts.missing);
  }
}

function runOf(row: Answer['rows'][number] | undefined): StoredRun | undefined {
  if (!row) return undefined;
  const { runId, sessionId, tenant, state, alone, fence, heldFor, createdAt, changedAt, content } = row;
  return {
    runId: String(runId),
    sessionId: String(sessionId),
    tenant: String(tenant),
    state: String(state) as RunState,
    alone: Boolean(Number(alone)),
    fence: Number(fence),
    heldFor: Number(heldFor),
    createdAt: Number(createdAt),
    changedAt: Number(changedAt),
    content: String(content),
  };
}

function entryOf({ key, content }: Answer['rows'][number]): RunEntry {
  return { key: String(key), content: String(content) };
}
