import { isDeepStrictEqual } from 'node:util';
import { type AgentInputItem, protocol } from '@openai/agents-core';
import { describe, expect, test } from 'vitest';
import { decodeItem, encodeItems } from '../../../src/items/item-codec.js';
import { ITEM_CODECS } from '../../../src/items/responses-format/codec.js';
import { ITEM_CASES } from './items.js';
import { INPUT_UNION, ROW_CASES } from './python-rows.js';
import { sentBySdk } from './sent-by-sdk.js';

type Row = Record<string, unknown>;

const { responses, 'agents-js': agentsJs } = ITEM_CODECS;

function textOf(item: AgentInputItem): string {
  return responses.encode([item])[0] as string;
}

/** What is stored for an item, without what is carried for this SDK alone. */
function rowOf(item: AgentInputItem): Row {
  const { provider_data, ...row } = JSON.parse(textOf(item)) as Row;
  const { stackone_agents_js: _carried, ...others } = (provider_data ?? {}) as Row;
  return Object.keys(others).length > 0 ? { ...row, provider_data: others } : row;
}

/** Types whose id is required by the Python SDK's types. */
const NEED_ID = ['reasoning', 'web_search_call', 'computer_call', 'program', 'program_output'];

/** The only differences between what is stored and what the SDK sends. */
function asStored(sent: Row, item: Row): Row {
  const row: Row = { ...sent };
  // the type of a message may be left out; it is kept where the item has it, so that nothing has to be carried
  if (item.role !== undefined && item.type === 'message') row.type = 'message';
  // the Python SDK has a word for a missing id, where its types want one
  if (row.id === undefined && (row.role === 'assistant' || NEED_ID.includes(String(row.type)))) {
    row.id = '__fake_id__';
  }
  // what the SDK leaves out
  if (row.type === 'image_generation_call') row.result = item.output;
  if (row.type === 'mcp_call') row.output = item.output;
  // text of other models is not sent; it is where the Python SDK has it
  if (item.rawContent !== undefined) row.content = item.rawContent;
  return row;
}

/** Keys of the application in the cases, which the SDK would send in snake case. */
const OWN_KEYS = ['mine'];

function withoutOwnKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutOwnKeys);
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  const fields = Object.entries(value).filter(([key]) => !OWN_KEYS.includes(key));
  return Object.fromEntries(fields.map(([key, field]) => [key, withoutOwnKeys(field)]));
}

describe('items as rows', () => {
  test('the cases cover every type and role of the SDK', () => {
    const literal = (schema: unknown): unknown => {
      const { value, unwrap } = (schema ?? {}) as { value?: unknown; unwrap?: () => unknown };
      return unwrap ? literal(unwrap.call(schema)) : value;
    };
    const known = protocol.ModelItem.options.map(({ shape }) => {
      const { type, role } = shape as { type: unknown; role?: unknown };
      return `${literal(type)} ${literal(role)}`;
    });
    expect(known.length).toBeGreaterThanOrEqual(19);
    const covered = ITEM_CASES.map(({ item }) => {
      const { type = 'message', role } = item as { type?: string; role?: string };
      return `${type} ${role}`;
    });
    expect([...new Set(covered)].sort()).toEqual([...new Set(known)].sort());
    for (const { item } of ITEM_CASES) expect(protocol.ModelItem.safeParse(item).success).toBe(true);
  });

  test.each(ITEM_CASES)('$name: comes back exactly', ({ item }) => {
    for (const codec of [responses, agentsJs]) {
      const back = codec.decode(codec.encode([item])[0] as string);
      expect(back).toEqual(item);
      expect(encodeItems([back])).toEqual(encodeItems([item]));
    }
  });

  test.each(ITEM_CASES.filter(({ refused }) => refused === undefined))(
    '$name: is stored as the SDK sends it',
    async ({ item }) => {
      const [sent] = await sentBySdk([withoutOwnKeys(item) as AgentInputItem]);
      expect(rowOf(item)).toEqual(asStored(sent as Row, item as unknown as Row));
    },
  );

  test.each(ITEM_CASES.filter(({ refused }) => refused !== undefined))(
    '$name: stays in the shape of this SDK, because $refused',
    async ({ item }) => {
      await expect(sentBySdk([item])).rejects.toThrow();
      expect(textOf(item)).toBe(encodeItems([item])[0]);
    },
  );

  test('keys of the application travel in the key of ours alone', () => {
    const own = { mine: 1, aB: { cD: [2] } };
    for (const { item, refused } of ITEM_CASES) {
      if (refused !== undefined || item.type === 'reasoning' || item.type === 'unknown') continue;
      const more = { ...item, providerData: { ...item.providerData, ...own } } as AgentInputItem;
      expect(rowOf(more)).toEqual(rowOf(item));
      expect(JSON.parse(textOf(more))).toHaveProperty('provider_data.stackone_agents_js');
      expect(responses.decode(textOf(more))).toEqual(more);
    }
  });

  test('a reasoning item carries nothing; what its row cannot say is lost', () => {
    const item = {
      providerData: { encryptedContent: 'ENC', mine: 1 },
      rawContent: [{ type: 'reasoning_text', text: 'raw' }],
      content: [{ type: 'input_text', text: 'a', providerData: { mine: 1 } }],
      id: 'rs_1',
      type: 'reasoning',
    };
    const stored = textOf(item as never);
    expect(JSON.parse(stored)).toEqual({
      id: 'rs_1',
      type: 'reasoning',
      summary: [{ type: 'summary_text', text: 'a' }],
      encrypted_content: 'ENC',
    });
    expect(responses.decode(stored)).toEqual({
      type: 'reasoning',
      id: 'rs_1',
      content: [{ type: 'input_text', text: 'a', providerData: { type: 'summary_text' } }],
      providerData: { id: 'rs_1', type: 'reasoning', encrypted_content: 'ENC' },
    });
    expect(textOf(responses.decode(stored))).toBe(stored);
  });

  test('an item that is as deep as can be stays in the shape of this SDK', () => {
    let deep: unknown = 'x';
    for (let level = 0; level < 498; level++) deep = [deep];
    const item = { role: 'user', content: 'hi', providerData: { deep } } as AgentInputItem;
    expect(textOf(item)).toBe(encodeItems([item])[0]);
    expect(responses.decode(textOf(item))).toEqual(item);
  });

  test('what most items carry is small', () => {
    const sizes = ITEM_CASES.filter(({ name }) =>
      /^(user, text|system|reasoning of the Responses API|web_search_call)$/.test(name),
    );
    expect(sizes).toHaveLength(4);
    for (const { item } of sizes) expect(textOf(item)).not.toContain('provider_data');
    const long = 'x'.repeat(10_000);
    const result = { type: 'function_call_result', name: 'f', callId: 'c1', status: 'completed' } as const;
    const outputs = [
      long,
      { type: 'text', text: long },
      { type: 'image', image: `data:image/png;base64,${long}` },
    ];
    for (const output of outputs)
      expect(textOf({ ...result, output } as AgentInputItem).length).toBeLessThan(10_400);
  });
});

describe('rows as items', () => {
  test('the cases cover the input union of the Python SDK', () => {
    expect(INPUT_UNION).toHaveLength(33);
    expect([...new Set(ROW_CASES.map(({ member }) => member))].sort()).toEqual([...INPUT_UNION].sort());
  });

  test.each(ROW_CASES)('$member: is read as $itemType, which the SDK takes', ({ row, itemType }) => {
    for (const codec of [responses, agentsJs]) {
      const item = codec.decode(JSON.stringify(row));
      expect(item.type ?? 'message').toBe(itemType);
      expect(protocol.ModelItem.safeParse(item).error).toBeUndefined();
    }
  });

  test.each(ROW_CASES)('$member: the SDK sends the row that was read as $itemType', async ({ row }) => {
    const [sent] = await sentBySdk([responses.decode(JSON.stringify(row))]);
    expect(sent).toEqual(asSent(row));
  });

  test.each(ROW_CASES)('$member: is stored unchanged if somebody adds it', ({ row }) => {
    for (const codec of [responses, agentsJs]) {
      expect(codec.encode([row as never])).toEqual([JSON.stringify(row)]);
    }
  });

  test.each(ROW_CASES)('$member: read, stored and read again it is the same', ({ row }) => {
    for (const codec of [responses, agentsJs]) {
      const item = codec.decode(JSON.stringify(row));
      const [again = ''] = codec.encode([item]);
      expect(encodeItems([codec.decode(again)])).toEqual(encodeItems([item]));
    }
  });

  test.each(ROW_CASES.filter(({ itemType }) => itemType === 'unknown'))(
    '$member: read as unknown and stored again it is the row',
    ({ row }) => {
      expect(rowOf(responses.decode(JSON.stringify(row)))).toEqual(row);
    },
  );

  test('what the Python SDK keeps beside a row is kept and not sent', async () => {
    const kept = ROW_CASES.filter(({ row }) => 'provider_data' in row);
    expect(kept.length).toBeGreaterThan(1);
    for (const { row } of kept) {
      const item = responses.decode(JSON.stringify(row));
      expect(rowOf(item).provider_data).toEqual(row.provider_data);
      expect((await sentBySdk([item]))[0]).not.toHaveProperty('provider_data');
    }
  });

  test('carried data of another form changes nothing', () => {
    const row = { role: 'user', content: 'hi' };
    for (const carried of [null, 5, [], { fields: 1, keys: 'x' }, { only: true, wrap: 7 }]) {
      const text = JSON.stringify({ ...row, provider_data: { stackone_agents_js: carried } });
      expect(responses.decode(text)).toEqual({ type: 'message', ...row });
    }
    const bad = JSON.stringify({ ...row, provider_data: { stackone_agents_js: { set: 'text' } } });
    expect(() => responses.decode(bad)).toThrow(TypeError);
  });
});

/** The only differences between a row and what the SDK sends after reading it. */
function asSent(row: Row): Row {
  const { provider_data: _kept, ...sent } = row;
  if (sent.id === '__fake_id__' || sent.id === null) delete sent.id;
  if (sent.acknowledged_safety_checks === null) delete sent.acknowledged_safety_checks;
  if (sent.role === 'user' || sent.role === 'system') delete sent.type;
  if (sent.role === 'system' && Array.isArray(sent.content)) {
    sent.content = sent.content.map(({ text }: { text: string }) => text).join('\n');
  }
  if (Array.isArray(sent.content)) sent.content = sent.content.map(withoutNulls);
  // the short form of an assistant's message
  if (sent.role === 'assistant' && typeof sent.content === 'string') {
    sent.content = [{ type: 'output_text', text: sent.content, annotations: [] }];
    Object.assign(sent, { type: 'message', status: 'completed' });
  }
  // what the SDK does not send
  if (sent.type === 'image_generation_call') sent.result = null;
  if (sent.type === 'mcp_call') delete sent.output;
  if (sent.type === 'item_reference' && isDeepStrictEqual(Object.keys(row), ['id'])) delete sent.type;
  return sent;
}

function withoutNulls(part: object): object {
  return Object.fromEntries(Object.entries(part).filter(([, value]) => value !== null));
}

test('a text of this SDK is never taken for a row', () => {
  for (const { item } of ITEM_CASES) {
    const [text = ''] = encodeItems([item]);
    expect(agentsJs.decode(text)).toEqual(decodeItem(text));
  }
});
