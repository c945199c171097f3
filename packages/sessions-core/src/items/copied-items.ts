import type { AgentInputItem } from '@openai/agents-core';
import { decodeItem, encodeItems } from './item-codec.js';

/**
 * Copies items at once, for what looks at them more than once or later: an accessor may answer otherwise by then, and their owner may
 * have changed them.
 *
 * @throws As {@link encodeItems} does.
 */
export function copyItems(items: readonly AgentInputItem[]): AgentInputItem[] {
  return encodeItems(items).map(decodeItem);
}
