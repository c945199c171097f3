import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import type { Shape } from '../shape.ts';

/** A turn that is to be stored. */
export interface Turn {
  readonly sessionId: string;
  /** Whether it is the first of its conversation. */
  readonly isFirst: boolean;
  /** As servers read it. No two turns have the same. */
  readonly time: string;
  readonly milliseconds: number;
  /** How many turns came before it, of all conversations. */
  readonly number: number;
}

/** How many of all conversations go on at the same time. */
const LIVE_SHARE = 0.1;
const BEGIN = Date.UTC(2026, 0);

/**
 * All turns, in the order in which people would have had them: a tenth of the conversations is under way at any time, whose turns come in random
 * order, and when one ends another one begins. Ids are random UUIDs.
 */
export function* turnsOf({ conversations, turns }: Shape): Generator<Turn> {
  let begun = 0;
  const next = () => {
    begun++;
    return { id: randomUUID(), told: 0 };
  };
  const live = Array.from({ length: Math.max(1, Math.round(conversations * LIVE_SHARE)) }, next);
  for (let number = 0; live.length > 0; number++) {
    const at = randomInt(live.length);
    const one = live[at];
    if (!one) throw new Error('no conversation is under way');
    const milliseconds = BEGIN + number;
    const time = new Date(milliseconds).toISOString().slice(0, 23).replace('T', ' ');
    yield { sessionId: one.id, isFirst: one.told === 0, time, milliseconds, number };
    one.told++;
    if (one.told < turns) continue;
    if (begun < conversations) live[at] = next();
    else {
      live[at] = live[live.length - 1] ?? one;
      live.pop();
    }
  }
}

/** In groups of so many, for statements of many rows. */
export function* grouped<Value>(values: Iterable<Value>, size: number): Generator<Value[]> {
  let group: Value[] = [];
  for (const value of values) {
    group.push(value);
    if (group.length < size) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}

/** So many of a hundred turns. */
export const shareOf = (turns: readonly Turn[], percent: number) =>
  turns.filter(({ number }) => number % 100 < percent);

/** How many different texts there are. */
export const TEXTS = 64;

/** A text that becomes no shorter by compression. Its parts of some length, from each of the first {@link TEXTS} places on, are the items. */
export function textPool(itemBytes: number): string {
  return randomBytes(itemBytes + TEXTS)
    .toString('base64')
    .slice(0, itemBytes + TEXTS);
}

/** As long as those of real responses and operations. */
export const responseId = () => `resp_${randomBytes(24).toString('hex')}`;
export const digest = () => randomBytes(32).toString('base64url');

/** When so large a share of all turns had been stored. */
export const lastChangeAt = ({ conversations, turns }: Shape, share: number) =>
  new Date(BEGIN + conversations * turns * share);
