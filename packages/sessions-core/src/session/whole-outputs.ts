import type { AgentInputItem } from '@openai/agents-core';
import { copyItems } from '../items/copied-items.js';
import { type Awaitable, whenReady } from '../port/awaitable.js';
import type { SessionBackend } from '../port/backend.js';
import { isShortened, restoreOutputs } from '../window/tool-outputs.js';
import type { SessionWindow } from '../window/window.js';
import type { StoredItems } from './stored-items.js';

/**
 * Sees to it that tool results which a window had shortened are stored whole, if they come back with what is to be stored.
 * The SDK's runner stores nothing that it read; applications do.
 *
 * @param items - What is to be stored. It is copied at once.
 * @returns Reads what is missing, and gives all items; absent where nothing was shortened.
 */
export function wholeOutputs(
  items: readonly AgentInputItem[],
  stored: StoredItems,
  window: SessionWindow | undefined,
): ((backend: SessionBackend) => Awaitable<readonly AgentInputItem[]>) | undefined {
  if (!window?.toolOutputs || !items.some(isShortened)) return undefined;
  const copies = copyItems(items);
  return (backend) =>
    whenReady(stored.read(backend, undefined, undefined), (all) => {
      restoreOutputs(copies, all);
      return copies;
    });
}
