import {
  DAY,
  type RecordedUsage,
  rowNumber,
  type StoredUsage,
  USAGE_COUNTS,
  type UsageBatch,
  type UsageGroup,
  type UsageQuery,
  type UsageRow,
  type UsageVerbs,
} from '@stackone/sessions-core/backend';

interface RecordedRow extends UsageRow {
  readonly session: string;
  readonly tenant: string;
  readonly turn: string | undefined;
  /** In ms since 1970. */
  readonly at: number;
}

/** What responses used, in maps. */
export class MemoryUsage implements UsageVerbs {
  /** By session and key. */
  readonly #rows = new Map<string, Map<string, RecordedRow>>();
  readonly #refuseErased: (sessionId: string) => void;

  /** @param refuseErased - Throws for a conversation that was erased. */
  constructor(refuseErased: (sessionId: string) => void) {
    this.#refuseErased = refuseErased;
  }

  record({ sessionId, tenant, turn, rows }: UsageBatch): void {
    if (turn !== undefined) rowNumber(turn);
    this.#refuseErased(sessionId);
    const recorded = this.#rows.get(sessionId) ?? new Map<string, RecordedRow>();
    this.#rows.set(sessionId, recorded);
    for (const row of rows) {
      const there = recorded.get(row.key) ?? { ...row, session: sessionId, tenant, turn, at: Date.now() };
      const counts = USAGE_COUNTS.map((name) => [name, Math.max(there[name], row[name])]);
      recorded.set(row.key, { ...there, ...Object.fromEntries(counts) });
    }
  }

  sum({ sessionId, tenant, from = -Infinity, to = Infinity, by }: UsageQuery): StoredUsage[] {
    const wanted = [...this.#rows.values()]
      .flatMap((rows) => [...rows.values()])
      .filter((row) => sessionId === undefined || row.session === sessionId)
      .filter((row) => tenant === undefined || row.tenant === tenant)
      .filter(({ at }) => at >= from && at < to);
    const sums = new Map<string, StoredUsage>(by.length === 0 ? [['[]', NOTHING]] : []);
    for (const row of wanted) {
      const groups = by.map((group) => [group, groupOf(row, group)]);
      const key = JSON.stringify(groups);
      const sum = sums.get(key) ?? NOTHING;
      const counts = USAGE_COUNTS.map((name) => [name, sum[name] + row[name]]);
      sums.set(key, { ...Object.fromEntries([...groups, ...counts]) } as StoredUsage);
    }
    return [...sums.values()];
  }

  sessionIds(): Iterable<string> {
    return this.#rows.keys();
  }

  /** @returns How many rows went. */
  remove(sessionId: string): number {
    const rows = this.#rows.get(sessionId)?.size ?? 0;
    this.#rows.delete(sessionId);
    return rows;
  }

  /** @param turns - The new ids of rows, by the old ones. */
  move(from: string, to: string, turns: ReadonlyMap<string, string>): void {
    const moved = this.#rows.get(to) ?? new Map<string, RecordedRow>();
    for (const [key, row] of this.#rows.get(from) ?? []) {
      const turn = row.turn === undefined ? undefined : turns.get(row.turn);
      if (!moved.has(key)) moved.set(key, { ...row, session: to, turn });
    }
    this.#rows.delete(from);
    if (moved.size > 0) this.#rows.set(to, moved);
  }

  /** @param rows - The items of the conversation, by whose places turns are known. */
  restore(
    session: string,
    tenant: string,
    usage: readonly RecordedUsage[],
    rows: readonly { readonly id: string }[],
  ): void {
    const there = this.#rows.get(session) ?? new Map<string, RecordedRow>();
    this.#rows.set(session, there);
    for (const { recordedAt, turn, ...row } of usage)
      if (!there.has(row.key))
        there.set(row.key, { ...row, session, tenant, turn: rows[turn ?? -1]?.id, at: recordedAt });
  }

  /** @param places - The places of the items, by their ids. */
  kept(sessionId: string, places: ReadonlyMap<string, number>): RecordedUsage[] {
    return [...(this.#rows.get(sessionId)?.values() ?? [])].map(
      ({ session: _, tenant: __, turn, at, ...row }): RecordedUsage => {
        const place = turn === undefined ? undefined : places.get(turn);
        return { ...row, recordedAt: at, ...(place !== undefined && { turn: place }) };
      },
    );
  }

  clear(): void {
    this.#rows.clear();
  }
}

const NOTHING = Object.fromEntries(USAGE_COUNTS.map((name) => [name, 0])) as unknown as StoredUsage;

function groupOf(row: RecordedRow, group: UsageGroup): string | number | undefined {
  return group === 'day' ? Math.floor(row.at / DAY) : row[group];
}
