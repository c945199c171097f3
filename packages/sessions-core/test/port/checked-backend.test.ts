import type { AgentInputItem } from '@openai/agents-core';
import { describe, expect, test } from 'vitest';
import type { ConversationVerbs, SessionBackend } from '../../src/backend.js';
import { SessionStore } from '../../src/index.js';
import { createToyBackend } from '../conformance/toy-backend.mjs';

const hello: AgentInputItem = { role: 'user', content: 'hello' };
type Answers = { [Verb in keyof SessionBackend]?: unknown };

/** A store over a backend whose verbs do what they should, and then answer something else. */
function storeThatAnswers(answers: Answers, groupCommit: boolean) {
  const right: SessionBackend = createToyBackend();
  const backend = Object.assign(Object.create(right), {
    append: async (...args: Parameters<SessionBackend['append']>) => {
      const outcomes = await right.append(...args);
      return 'append' in answers ? answers.append : outcomes;
    },
    read: async (...args: Parameters<SessionBackend['read']>) =>
      'read' in answers ? answers.read : right.read(...args),
    pop: async (id: string) => {
      const row = await right.pop(id);
      return 'pop' in answers ? answers.pop : row;
    },
    edit: (...[id, last, decide, operation]: Parameters<SessionBackend['edit']>) =>
      right.edit(
        id,
        last,
        (rows, recorded, asked) =>
          decide(('edit' in answers ? answers.edit : rows) as typeof rows, recorded, asked),
        operation,
      ),
    close: () => right.close(),
    clear: (id: string) => right.clear(id),
  }) as SessionBackend;
  return new SessionStore(
    { name: 'wrong', supports: right.supports, open: () => backend },
    { groupCommit },
  ).session('chat');
}

const FAULT = /^The backend of this store has a fault/;

describe.each([true, false])('with groupCommit: %s', (groupCommit) => {
  test.each<[string, unknown]>([
    ['fewer outcomes than batches', []],
    ['more outcomes than batches', ['stored', 'stored']],
    ['an outcome that is no word of the port', ['ok']],
    ['nothing', undefined],
    ['a text that is as long as the batches', 's'],
  ])('%s is no stored turn', async (_name, append) => {
    await expect(storeThatAnswers({ append }, groupCommit).addItems([hello])).rejects.toMatchObject({
      code: 'OUTCOME_UNKNOWN',
      message: expect.stringMatching(FAULT),
    });
  });

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['the result of a driver', { rows: [] }],
    ['rows whose ids are numbers', [{ id: 1, text: '{}' }]],
    ['rows without texts', [{ id: '1' }]],
    ['rows that are arrays', [['1', '{}']]],
    ['null for a row', [null]],
  ])('rows: %s', async (_name, rows) => {
    const fault = { code: 'DATABASE_ERROR', message: expect.stringMatching(FAULT) };
    await expect(storeThatAnswers({ read: rows }, groupCommit).getItems()).rejects.toMatchObject(fault);
    const session = storeThatAnswers({ edit: rows }, groupCommit);
    await expect(session.replaceHistoryWithCompaction([hello])).rejects.toMatchObject(fault);
  });

  test.each<[string, unknown]>([
    ['null', null],
    ['a list of rows', [{ id: '1', text: '{}' }]],
    ['a text', '{}'],
  ])('a popped row: %s', async (_name, pop) => {
    const session = storeThatAnswers({ pop }, groupCommit);
    await expect(session.popItem()).rejects.toMatchObject({
      code: 'OUTCOME_UNKNOWN',
      message: expect.stringMatching(FAULT),
    });
  });
});

describe('the verbs on conversations', () => {
  /** `store.sessions` over a backend in which one of the verbs answers something else. */
  function sessionsThatAnswer(answers: { [Verb in keyof ConversationVerbs]?: unknown }) {
    const right: SessionBackend = createToyBackend();
    const wrong = Object.entries(answers).map(([verb, answer]) => [verb, async () => answer]);
    const conversations = { ...right.conversations, ...Object.fromEntries(wrong) } as ConversationVerbs;
    const backend: SessionBackend = { ...right, conversations };
    return new SessionStore({ name: 'wrong', supports: right.supports, open: () => backend }).sessions;
  }

  const unread = { code: 'DATABASE_ERROR', message: expect.stringMatching(FAULT) };
  const unknown = { code: 'OUTCOME_UNKNOWN', message: expect.stringMatching(FAULT) };
  const wrongConversations: [string, unknown][] = [
    ['null', null],
    ['times that are texts', { id: 'a', createdAt: '1', updatedAt: '1', time: '' }],
    ['times that are no number', { id: 'a', createdAt: Number.NaN, updatedAt: 1, time: '' }],
    ['no place in the order', { id: 'a', createdAt: 1, updatedAt: 1 }],
  ];

  test.each(wrongConversations)('a conversation: %s', async (_name, found) => {
    await expect(sessionsThatAnswer({ get: found }).retrieve('a')).rejects.toMatchObject(unread);
    await expect(sessionsThatAnswer({ list: [found] }).list()).rejects.toMatchObject(unread);
  });

  test.each<[string, unknown]>([
    ['a text', '1'],
    ['nothing', undefined],
  ])('a count: %s', async (_name, count) => {
    await expect(sessionsThatAnswer({ count }).count()).rejects.toMatchObject(unread);
  });

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['one number', 3],
    ['a number that is missing', { sessions: 1, messages: 1 }],
  ])('what was removed: %s', async (_name, removed) => {
    await expect(sessionsThatAnswer({ remove: removed }).delete('a')).rejects.toMatchObject(unknown);
  });

  test('a store whose backend has none refuses with UNSUPPORTED', async () => {
    const { conversations: _, ...backend } = createToyBackend() as SessionBackend;
    const { sessions } = new SessionStore({
      name: 'small',
      supports: backend.supports,
      open: () => backend,
    });
    const calls = [
      () => sessions.list(),
      () => sessions.retrieve('a'),
      () => sessions.count(),
      () => sessions.delete('a'),
    ];
    for (const call of calls) await expect(call()).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  });
});
