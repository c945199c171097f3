import type { SessionName, SessionRecord, UsageCounts } from '@stackone/sessions-core';
import { encodeItems } from '@stackone/sessions-core/backend';
import { Columns } from '../terminal/columns.js';
import type { Output } from '../terminal/output.js';
import { printableLine, printableTime } from '../terminal/printable.js';

interface Size extends SessionName {
  readonly items: number;
  readonly bytes: number;
  readonly updatedAt: Date;
}

/** What was counted. */
export interface Counted {
  readonly sessions: number;
  readonly tenants: number;
  readonly items: number;
  /** Of the texts of items, before they are encrypted. */
  readonly bytes: number;
  /** When the first item, and the last one, was stored. */
  readonly oldest: Date | undefined;
  readonly newest: Date | undefined;
  readonly longest: readonly Size[];
  /** Items by day of UTC, the last days that there are items of. */
  readonly days: readonly { readonly day: string; readonly items: number }[];
}

/** Counts conversations as they are read, and keeps none. */
export class Statistics {
  sessions = 0;
  readonly #top: number;
  readonly #tenants = new Set<string>();
  readonly #days = new Map<string, number>();
  #items = 0;
  #bytes = 0;
  #oldest: Date | undefined;
  #newest: Date | undefined;
  #longest: Size[] = [];

  /** @param top - How many of the longest conversations are remembered. */
  constructor(top: number) {
    this.#top = top;
  }

  add({ id, tenant, updatedAt, items }: SessionRecord): void {
    this.sessions++;
    if (tenant !== undefined) this.#tenants.add(tenant);
    let bytes = 0;
    for (const { item, createdAt } of items) {
      for (const text of encodeItems([item])) bytes += Buffer.byteLength(text);
      const day = createdAt.toISOString().slice(0, 10);
      this.#days.set(day, (this.#days.get(day) ?? 0) + 1);
      if (!this.#oldest || createdAt < this.#oldest) this.#oldest = createdAt;
      if (!this.#newest || createdAt > this.#newest) this.#newest = createdAt;
    }
    this.#items += items.length;
    this.#bytes += bytes;
    const size = { id, ...(tenant !== undefined && { tenant }), items: items.length, bytes, updatedAt };
    this.#longest = [...this.#longest, size]
      .sort((one, other) => other.items - one.items)
      .slice(0, this.#top);
  }

  /** @param days - How many days at most. */
  found(days: number): Counted {
    const byDay = [...this.#days].sort(([one], [other]) => (one < other ? -1 : 1)).slice(-days);
    return {
      sessions: this.sessions,
      tenants: this.#tenants.size,
      items: this.#items,
      bytes: this.#bytes,
      oldest: this.#oldest,
      newest: this.#newest,
      longest: this.#longest,
      days: byDay.map(([day, items]) => ({ day, items })),
    };
  }
}

/** How long a bar is at most. */
const BAR = 40;

/** For people, with a bar for each day. */
export function linesOfStatistics(
  { sessions, tenants, items, bytes, oldest, newest, longest, days }: Counted,
  usage: UsageCounts | undefined,
  output: Pick<Output, 'columns' | 'styled'>,
): string[] {
  const number = new Intl.NumberFormat('en');
  const totals = [
    [
      'conversations',
      `${number.format(sessions)}${tenants > 0 ? `, of ${number.format(tenants)} ${tenants === 1 ? 'tenant' : 'tenants'} and of none` : ''}`,
    ],
    ['items', number.format(items)],
    ['bytes', number.format(bytes)],
    ...(oldest && newest ? [['from, to', `${printableTime(oldest)}, ${printableTime(newest)}`]] : []),
    ...(usage
      ? [
          [
            'tokens',
            `${number.format(usage.inputTokens)} in, ${number.format(usage.outputTokens)} out, of ${number.format(usage.requests)} ${usage.requests === 1 ? 'request' : 'requests'}`,
          ],
        ]
      : []),
  ];
  const named = longest.map((one) => [
    String(one.items),
    String(one.bytes),
    printableTime(one.updatedAt),
    printableLine(one.tenant === undefined ? one.id : `${one.id} (${one.tenant})`),
  ]);
  const most = Math.max(...days.map((one) => one.items), 1);
  const room = Math.max(Math.min(BAR, (output.columns ?? 80) - 24), 1);
  const bars = days.map(
    (one) =>
      `${one.day}  ${output.styled('cyan', '█'.repeat(Math.ceil((one.items / most) * room)))} ${one.items}`,
  );
  return [
    ...totals.map(([name = '', value = '']) => `${name.padEnd(14)}${value}`),
    ...(named.length > 0
      ? ['', ...new Columns(['ITEMS', 'BYTES', 'CHANGED', 'ID'], output.columns).lines(named)]
      : []),
    ...(bars.length > 0 ? ['', 'items by day', ...bars] : []),
  ];
}
