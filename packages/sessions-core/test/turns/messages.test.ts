import type { AgentInputItem } from '@openai/agents-core';
import { expect, test } from 'vitest';
import { textOf, toMessages } from '../../src/index.js';

const item = (fields: object) => fields as AgentInputItem;
const call = (callId: string) =>
  item({ type: 'function_call', callId, name: 'lookup', arguments: '{"order":7}' });
const result = (callId: string, more: object = {}) =>
  item({
    type: 'function_call_result',
    callId,
    name: 'lookup',
    status: 'completed',
    output: 'shipped',
    ...more,
  });
const say = (text: string, more: object = {}) =>
  item({
    type: 'message',
    role: 'assistant',
    status: 'completed',
    content: [{ type: 'output_text', text }],
    ...more,
  });

test.each<[string, object]>([
  ['Hello', { role: 'user', content: 'Hello' }],
  ['Hello', { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Hello' }] }],
  [
    'ab',
    say('', {
      content: [
        { type: 'output_text', text: 'a' },
        { type: 'refusal', refusal: 'b' },
      ],
    }),
  ],
  ['heard', say('', { content: [{ type: 'audio', audio: 'AAAA', transcript: 'heard' }] })],
  ['shipped', result('c')],
  ['shipped', result('c', { output: { type: 'text', text: 'shipped' } })],
  ['shipped', result('c', { output: [{ type: 'input_text', text: 'shipped' }] })],
  ['out err', { type: 'shell_call_output', callId: 'c', output: [{ stdout: 'out ', stderr: 'err' }] }],
  ['thought', { type: 'reasoning', content: [{ type: 'input_text', text: 'thought' }] }],
  ['', { type: 'function_call', callId: 'c', name: 'f', arguments: '{}' }],
  ['', { type: 'compaction', encrypted_content: 'x' }],
  ['', { role: 'user', content: [{ type: 'input_image', image: 'https://example.org/a.png' }] }],
])('the text %j of %j', (text, given) => {
  expect(textOf(item(given))).toBe(text);
});

test('messages with tool calls and their results, calls in a row together', () => {
  const items = [
    item({ role: 'system', content: 'Be kind.' }),
    item({ role: 'user', content: 'Where are my orders?' }),
    item({ type: 'reasoning', content: [] }),
    call('c1'),
    call('c2'),
    result('c1'),
    result('c2', { status: 'incomplete', output: 'no' }),
    say('Here.'),
    call('c3'),
  ];
  const made = { name: 'lookup', arguments: '{"order":7}', files: [] };
  const rest = { text: '', files: [], toolCalls: [], status: 'completed' };
  expect(toMessages(items)).toEqual([
    { ...rest, role: 'system', text: 'Be kind.' },
    { ...rest, role: 'user', text: 'Where are my orders?' },
    {
      ...rest,
      role: 'assistant',
      status: 'incomplete',
      toolCalls: [
        { ...made, id: 'c1', status: 'completed', output: 'shipped' },
        { ...made, id: 'c2', status: 'incomplete', output: 'no' },
      ],
    },
    { ...rest, role: 'assistant', text: 'Here.' },
    { ...rest, role: 'assistant', status: 'pending', toolCalls: [{ ...made, id: 'c3', status: 'pending' }] },
  ]);
});

test('a result whose call is on an older page is told by its own name', () => {
  const [message] = toMessages([result('c1'), say('Here.')]);
  expect(message?.toolCalls).toEqual([
    { id: 'c1', name: 'lookup', output: 'shipped', files: [], status: 'completed' },
  ]);
});

test('tools that are not functions', () => {
  const [message] = toMessages([
    item({ type: 'shell_call', callId: 's', action: { commands: ['ls'] } }),
    item({ type: 'hosted_tool_call', name: 'web_search_call', status: 'completed', output: 'found' }),
    item({ type: 'hosted_tool_call', name: 'mcp_approval_request', providerData: { id: 'r' } }),
    item({ type: 'shell_call_output', callId: 's', output: [{ stdout: 'a.txt', stderr: '' }] }),
    item({
      type: 'computer_call_result',
      callId: 'x',
      output: { type: 'computer_screenshot', data: 'data:image/png;base64,AAAA' },
    }),
  ]);
  expect(message?.toolCalls.map(({ name, status, output }) => [name, status, output])).toEqual([
    ['shell_call', 'completed', 'a.txt'],
    ['web_search_call', 'completed', 'found'],
    ['mcp_approval_request', 'pending', undefined],
    ['computer_call', 'completed', ''],
  ]);
  expect(message?.toolCalls[0]?.arguments).toBe('{"commands":["ls"]}');
  expect(message?.toolCalls[3]?.files).toEqual([{ kind: 'image', url: 'data:image/png;base64,AAAA' }]);
});

test('files, images and sounds', () => {
  const content = [
    { type: 'input_text', text: 'Look: ' },
    { type: 'input_image', image: 'https://example.org/a.png' },
    { type: 'input_image', image: { id: 'file_1' } },
    { type: 'input_file', file: { url: 'https://example.org/b.pdf' }, filename: 'b.pdf' },
    { type: 'input_file', file: 'data:text/plain;base64,AAAA' },
    { type: 'audio', audio: 'AAAA', format: 'wav' },
  ];
  const [message] = toMessages([item({ role: 'user', content })]);
  expect(message?.text).toBe('Look: ');
  expect(message?.files).toEqual([
    { kind: 'image', url: 'https://example.org/a.png' },
    { kind: 'image', id: 'file_1' },
    { kind: 'file', url: 'https://example.org/b.pdf', name: 'b.pdf' },
    { kind: 'file', url: 'data:text/plain;base64,AAAA' },
    { kind: 'audio', data: 'AAAA' },
  ]);
  const image = { type: 'image', image: { data: new Uint8Array([0, 1]), mediaType: 'image/png' } };
  expect(toMessages([result('c', { output: image })])[0]?.toolCalls[0]?.files).toEqual([
    { kind: 'image', data: 'AAE=' },
  ]);
});

test('entries of a history give their places, times and turns', () => {
  const createdAt = new Date(1000);
  const entries = [
    { id: '1', item: item({ role: 'user', content: 'Hi' }), createdAt, turn: '1' },
    { id: '2', item: call('c'), createdAt, turn: '1' },
    { id: '3', item: result('c'), createdAt, turn: '1' },
  ];
  expect(toMessages(entries).map(({ id, turn, createdAt: at }) => [id, turn, at])).toEqual([
    ['1', '1', createdAt],
    ['2', '1', createdAt],
  ]);
});
