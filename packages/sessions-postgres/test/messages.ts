import type { AgentInputItem } from '@openai/agents-core';
import { message } from '@stackone/test-environment/messages';

export { message };

/** A turn of four items: `name-0` to `name-3`. */
export function turn(name: string, length = 4): AgentInputItem[] {
  return Array.from({ length }, (_, index) => message(`${name}-${index}`));
}

/** The texts of messages. */
export function contents(items: readonly (AgentInputItem | undefined)[]): string[] {
  return items.map((item) => String((item as { content?: unknown } | undefined)?.content));
}

/** The names of the turns that items are made of; fails where one is torn. */
export function turnNames(items: readonly AgentInputItem[], length = 4): string[] {
  const names: string[] = [];
  for (let start = 0; start < items.length; start += length) {
    const part = contents(items.slice(start, start + length));
    const name = String(part[0]).slice(0, -2);
    const whole = turn(name, length);
    if (contents(whole).join() !== part.join()) throw new Error(`a torn turn: ${part.join()}`);
    names.push(name);
  }
  return names;
}
