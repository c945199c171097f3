import type { AgentInputItem } from '@openai/agents-core';

/** A turn, by what its items say. */
export interface TurnName {
  readonly conversation: string;
  /** The process that added it. */
  readonly writer: string;
  /** Which call of that process. */
  readonly number: number;
  /** How many items it has. */
  readonly size: number;
}

/** One item of a turn. */
export interface Piece extends TurnName {
  readonly index: number;
}

/** The items of a turn. Each says which one it is, and some are as long as a tool's answer. */
export function itemsOf(turn: TurnName): AgentInputItem[] {
  return Array.from({ length: turn.size }, (_, index) => ({
    type: 'message',
    role: 'user',
    content: textOf({ ...turn, index }),
  }));
}

/** Which turn it belongs to, so that pieces of one turn have one key. */
export const keyOf = ({ writer, number }: Pick<TurnName, 'writer' | 'number'>) => `${writer} ${number}`;

/** Which piece a stored item is; `undefined` for one that no writer can have made, or that was changed. */
export function pieceIn(item: unknown): Piece | undefined {
  const content = (item as { content?: unknown } | null | undefined)?.content;
  if (typeof content !== 'string') return undefined;
  const [conversation = '', writer = '', number, index, size] = content.split(' ', 5);
  const piece = {
    conversation,
    writer,
    number: Number(number),
    index: Number(index),
    size: Number(size),
  };
  return content === textOf(piece) ? piece : undefined;
}

function textOf({ conversation, writer, number, index, size }: Piece): string {
  const filler = 'ab\u{1f600}"\\'.repeat((number + index) % 7 === 0 ? 300 : 3);
  return `${conversation} ${writer} ${number} ${index} ${size} ${filler}`;
}
