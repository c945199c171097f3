import type { AgentInputItem } from '@openai/agents-core';
import { checkOptions, isOptionsObject, isWholeNumber, type OptionCheck } from '../port/options.js';
import { isMadeByModel, isUserMessage, validItems } from './item-partners.js';
import { hasOutputText, shortenOutput, type ToolOutputBound, toolOutputsOf } from './tool-outputs.js';

/**
 * What a session hands to the SDK's runner: the newest part of the conversation within all the bounds that are
 * given, at least one of them.
 */
export type SessionWindow = {
  /** How many of the newest turns. A turn begins at a user message. A whole number of at least 1. */
  turns?: number | undefined;
  /** How many of the newest items. A whole number of at least 1. */
  items?: number | undefined;
  /**
   * Shortens the texts of old, long tool results, with a mark, in what is handed out alone: whole they stay in the
   * database. By itself it hands out the whole conversation.
   */
  toolOutputs?: ToolOutputBound | undefined;
} & (TokenBound | { tokens?: undefined; count?: undefined });

interface TokenBound {
  /** What the counts of all items may add up to. A whole number of at least 1. */
  tokens: number;
  /**
   * Tells the tokens of one item: a number of zero or more, at once and not as a promise. It is called newest first, at most
   * once an item in one call of a session, and must not change the item.
   */
  count: (item: AgentInputItem) => number;
}

const WINDOW_CHECKS: Readonly<Record<'turns' | 'items' | 'toolOutputs' | 'tokens' | 'count', OptionCheck>> = {
  turns: isWholeNumber(1),
  items: isWholeNumber(1),
  toolOutputs: (value) => (isOptionsObject(value) ? undefined : 'an object'),
  tokens: isWholeNumber(1),
  count: (value) => (typeof value === 'function' ? undefined : 'a function of the item'),
};

/**
 * Checks a window that the application gave.
 *
 * @returns A copy.
 * @throws TypeError for anything but a {@link SessionWindow}.
 */
export function windowOf(given: SessionWindow): SessionWindow {
  checkOptions('window', given, WINDOW_CHECKS);
  const { turns, items, toolOutputs, tokens, count } = given;
  if ((tokens === undefined) !== (count === undefined))
    throw new TypeError('window: options "tokens" and "count" must be given together.');
  if ([turns, items, toolOutputs, tokens].every((bound) => bound === undefined))
    throw new TypeError(
      'window: one of the options "turns", "items", "tokens" and "toolOutputs" must be given.',
    );
  return { ...given, toolOutputs: toolOutputs && toolOutputsOf(toolOutputs) };
}

/**
 * Finds the window of a conversation, item by item from the newest on. Nothing before the last compaction item is
 * in it: the runner does not read that.
 */
export class WindowScan {
  readonly #turns: number;
  readonly #items: number;
  readonly #tokens: number;
  readonly #count: (item: AgentInputItem) => number;
  readonly #outputs: ToolOutputBound | undefined;
  /** Newest first. */
  readonly #newest: AgentInputItem[] = [];
  #turnsSeen = 0;
  #tokensSeen = 0;
  /** The results with text before the newest turn. */
  #outputsSeen = 0;
  #complete = false;
  /** Whether the item before the window is a reasoning item, and what belongs to it therefore lost its head. */
  #headless = false;

  constructor({ turns, items, toolOutputs, tokens, count }: SessionWindow) {
    this.#turns = turns ?? Number.POSITIVE_INFINITY;
    this.#items = items ?? Number.POSITIVE_INFINITY;
    this.#tokens = tokens ?? Number.POSITIVE_INFINITY;
    this.#count = count ?? (() => 0);
    this.#outputs = toolOutputs;
  }

  /** Whether the window is found, so that no older item matters. */
  get complete(): boolean {
    return this.#complete;
  }

  /** How many items can still matter, the one before the window included. */
  get missing(): number {
    return this.#complete ? 0 : this.#items + 1 - this.#newest.length;
  }

  /**
   * Takes the next older item.
   *
   * @param item - The caller's own copy: its text may be shortened.
   * @throws TypeError if the application's `count` does not return a number of zero or more.
   */
  add(item: AgentInputItem): void {
    if (this.#complete) return;
    if (!this.#isFull) this.#shorten(item);
    if (this.#isFull || !this.#fits(item)) {
      this.#complete = true;
      this.#headless = item.type === 'reasoning';
      return;
    }
    this.#newest.push(item);
    if (isUserMessage(item)) this.#turnsSeen++;
    // what a model made may belong to a reasoning item before it
    this.#complete =
      this.#turnsSeen >= this.#turns || item.type === 'compaction' || (this.#isFull && !isMadeByModel(item));
  }

  /** What stands in the window and makes a valid input, oldest first. */
  window(): AgentInputItem[] {
    const items = this.#newest.toReversed();
    const valid = validItems(items, this.#headless);
    return items.filter((_, index) => valid[index]);
  }

  get #isFull(): boolean {
    return this.#newest.length >= this.#items;
  }

  /**
   * The newest turn stays whole: the runner compares what it reads of it with what it wrote. So do others while it lasts, as
   * its own results do not count.
   */
  #shorten(item: AgentInputItem): void {
    if (!this.#outputs || this.#turnsSeen === 0 || !hasOutputText(item)) return;
    if (++this.#outputsSeen > this.#outputs.newest) shortenOutput(item, this.#outputs.maxCharacters);
  }

  #fits(item: AgentInputItem): boolean {
    const tokens: unknown = this.#count(item);
    if (typeof tokens !== 'number' || !Number.isFinite(tokens) || tokens < 0) {
      throw new TypeError('The "count" of a window must return a number of zero or more, for every item.');
    }
    this.#tokensSeen += tokens;
    return this.#tokensSeen <= this.#tokens;
  }
}
