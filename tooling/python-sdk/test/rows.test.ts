import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { AgentInputItem } from '@openai/agents';
import { openSessionStore, type SessionStore } from '@stackone/openai-agents-js-sessions';
import { temporaryFolder } from '@stackone/test-environment';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ITEM_CASES } from '../../../packages/sessions-core/test/items/responses-format/items.ts';
import { ROW_CASES } from '../../../packages/sessions-core/test/items/responses-format/python-rows.ts';
import type { PythonItem } from '../src/python-sdk.ts';
import { describePythonSdk } from '../src/vitest.ts';

/**
 * Rows that Python's types refuse although its sessions, its runner and its model take them: they say what the JS SDK
 * sends to the API for the item. By the name of the case.
 */
const REFUSED_BY_TYPES: Readonly<Record<string, { why: string; says: RegExp }>> = {
  'user without a type': {
    why: "types narrower than what Python stores itself: after a compaction, users' messages have the API's ids",
    says: /EasyInputMessageParam\.id\n\s+Extra inputs/,
  },
  'computer_call with several actions': {
    why: 'the JS SDK leaves the empty list out, because the API refuses it when it gets it back',
    says: /ResponseComputerToolCallParam\.pending_safety_checks\n\s+Field required/,
  },
  apply_patch_call: {
    why: 'the JS SDK knows patches that move a file, and sends them so; Python does not know them',
    says: /move_to\n\s+Extra inputs/,
  },
  tool_search_output: {
    why: 'the JS SDK knows references to tools, and sends them so; Python does not know them',
    says: /tool_reference/,
  },
  unknown: {
    why: 'the application put a key into it that no row has',
    says: /ResponseCustomToolCallParam\.a_b\n\s+Extra inputs/,
  },
};

/** Calls alone never reach a model: the runner prunes them. These are their results. */
const RESULTS: Readonly<Record<string, string>> = {
  function_call: 'function_call_result, text',
  computer_call: 'computer_call_result',
  shell_call: 'shell_call_output',
  apply_patch_call: 'apply_patch_call_output',
  program: 'program_output',
  tool_search_call: 'tool_search_output',
};

const RESULT_OF_UNKNOWN = {
  type: 'unknown',
  providerData: { type: 'custom_tool_call_output', call_id: 'c1', output: 'o' },
} as const;

function resultOf({ type }: AgentInputItem): AgentInputItem[] {
  if (type === 'unknown') return [RESULT_OF_UNKNOWN];
  return ITEM_CASES.flatMap(({ name, item }) => (name === RESULTS[type ?? ''] ? [item] : []));
}

const ANSWER = {
  type: 'message',
  id: 'msg_answer',
  role: 'assistant',
  status: 'completed',
  content: [{ type: 'output_text', text: 'done', annotations: [] }],
};

describePythonSdk((python) => {
  const path = join(temporaryFolder(), 'rows.db');
  let store: SessionStore;
  beforeAll(async () => {
    store = await openSessionStore(`sqlite:${path}`, { itemFormat: 'responses' });
  });
  afterAll(() => store.close());

  /** Items as JS stores them: what Python reads of them, and what its model is handed after them. */
  async function inPython(items: readonly AgentInputItem[]): Promise<{ rows: PythonItem[]; input: unknown }> {
    const sessionId = randomUUID();
    await store.session(sessionId).addItems([...items]);
    const session = await python.session({ sessionId, path });
    const rows = await session.get();
    const { inputs } = await session.run('next', [[ANSWER]]);
    await session.close();
    return { rows, input: inputs[0] };
  }

  /** A row as JS reads it. */
  async function readInJs(row: object): Promise<AgentInputItem> {
    const session = store.session(randomUUID());
    await session.addItems([row as AgentInputItem]);
    const [item] = await session.getItems();
    return item as AgentInputItem;
  }

  describe('items of JS', () => {
    test.each(ITEM_CASES)("$name: what Python's types say of the row", async ({ name, item, refused }) => {
      const { rows } = await inPython([item]);
      const [reason = null] = await python.validate(rows);
      const expected = REFUSED_BY_TYPES[name];
      if (expected) expect(reason, expected.why).toMatch(expected.says);
      else if (refused === undefined) expect(reason).toBeNull();
      else expect(reason, refused).not.toBeNull(); // it stays in the shape of this SDK
    });

    test.each(ITEM_CASES)('$name: an agent in Python goes on after it', async ({ item }) => {
      const { rows, input } = await inPython([item, ...resultOf(item)]);
      expect(input).toEqual([...rows, { role: 'user', content: 'next' }]);
    });

    test('every exception is one of the cases', () => {
      const names = ITEM_CASES.map(({ name }) => name);
      expect(names).toEqual(expect.arrayContaining(Object.keys(REFUSED_BY_TYPES)));
    });
  });

  describe('rows of Python that JS read and stored again', () => {
    test.each(ROW_CASES)('$member: is as good to Python as it was', async ({ member, row }) => {
      const { rows } = await inPython([await readInJs(row)]);
      const expected = member === 'ApplyPatchCall' ? expect.stringContaining('move_to') : null;
      expect(await python.validate([row, ...rows])).toEqual([expected, expected]);
    });
  });
});
