import type { AgentInputItem } from '@openai/agents-core';

/** An item in the model, with the time that a store said of it first. */
export interface ModelledItem {
  item: AgentInputItem;
  time: number | undefined;
}

/** What should be under one id: said anew, and not with the code under test. */
export class ModelledConversation {
  /** Whether there is a conversation, though it may have no items. */
  isThere = false;
  items: ModelledItem[] = [];
  title: string | undefined;
  metadata = new Map<string, unknown>();
  /** How often it was updated. They stay when it is cleared. */
  version = 0;

  /** Whether its id is taken. */
  get isTaken(): boolean {
    return this.isThere || this.version > 0;
  }

  add(items: readonly AgentInputItem[]): void {
    this.isThere = true;
    for (const item of items) this.items.push({ item, time: undefined });
  }

  clear(): void {
    this.isThere = false;
    this.items = [];
  }

  update(title: string | null | undefined, metadata: Readonly<Record<string, unknown>>): void {
    this.isThere = true;
    this.version++;
    if (title !== undefined) this.title = title ?? undefined;
    for (const [key, value] of Object.entries(metadata)) {
      if (value === null) this.metadata.delete(key);
      else this.metadata.set(key, value);
    }
  }

  /** Where the turn begins that an item is in; -1 for none. */
  turnOf(at: number): number {
    return this.items.slice(0, at + 1).findLastIndex(({ item }) => isQuestion(item));
  }

  /** The places where turns begin. */
  get turns(): number[] {
    return this.items.flatMap(({ item }, at) => (isQuestion(item) ? [at] : []));
  }

  /** The call or the result that belongs to an item, and the item itself. */
  partnersOf(at: number): number[] {
    const id = callIdOf(this.items[at]?.item);
    return this.items.flatMap(({ item }, index) =>
      index === at || (id !== undefined && callIdOf(item) === id) ? [index] : [],
    );
  }

  /** A copy, with the oldest items only where that is asked for. */
  copy(upTo = Number.POSITIVE_INFINITY): ModelledConversation {
    const copy = new ModelledConversation();
    copy.isThere = true;
    copy.items = this.items.slice(0, upTo).map((one) => ({ ...one }));
    copy.title = this.title;
    copy.metadata = new Map(this.metadata);
    copy.version = this.version;
    return copy;
  }
}

export function isQuestion(item: AgentInputItem): boolean {
  return 'role' in item && item.role === 'user';
}

function callIdOf(item: AgentInputItem | undefined): string | undefined {
  return item && 'callId' in item ? String(item.callId) : undefined;
}
