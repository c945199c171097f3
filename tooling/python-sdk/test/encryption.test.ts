import { join } from 'node:path';
import { type AgentInputItem, MemorySession } from '@openai/agents';
import { EncryptedSession, openSessionStore } from '@stackone/openai-agents-js-sessions';
import { temporaryFolder } from '@stackone/test-environment';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { VECTORS } from '../../../packages/sessions-core/test/items/encryption-vectors.ts';
import { describePythonSdk } from '../src/vitest.ts';
import { linesOf, runInJs, runInPython } from './conversation.ts';

const texts = fc.sample(fc.string({ unit: 'binary', maxLength: 300 }), { numRuns: 1000, seed: 7 });

/** A session of any id: the SDK's own takes no empty one. */
class AnySession extends MemorySession {
  readonly #id: string;

  constructor(sessionId: string) {
    super();
    this.#id = sessionId;
  }

  override async getSessionId(): Promise<string> {
    return this.#id;
  }
}

function envelope(payload: string): AgentInputItem {
  return { __enc__: 1, v: 1, kid: 'hkdf-v1', payload } as unknown as AgentInputItem;
}

/** The token of a row that holds an envelope. */
function tokenOf(row: object): string {
  return (row as { payload: string }).payload;
}

describePythonSdk((python) => {
  const folder = temporaryFolder();

  test.each(VECTORS)('the vector of "$sessionId" opens in both languages', async (vector) => {
    const { key, sessionId, text, token } = vector;
    expect(await python.decrypt(key, sessionId, [token])).toEqual([text]);
    const inner = new AnySession(sessionId);
    await inner.addItems([envelope(token)]);
    const [item] = await new EncryptedSession({ session: inner, key, itemFormat: 'responses' }).getItems();
    const read = JSON.parse(text) as object;
    if ('role' in read) expect(item).toEqual(read);
    else expect(item).toMatchObject({ type: 'function_call_result', callId: 'c1', output: 'x' });
  });

  test.each(VECTORS)('1,000 items for "$sessionId" open in the other language, both ways', async (vector) => {
    const { key, sessionId } = vector;
    const inner = new AnySession(sessionId);
    const ours = new EncryptedSession({ session: inner, key });
    const items = texts.map((content) => ({ role: 'user' as const, content }));
    await ours.addItems(items);

    const rows = await inner.getItems();
    const opened = await python.decrypt(key, sessionId, rows.map(tokenOf));
    expect(opened.map((text) => JSON.parse(text))).toEqual(items);

    const plain = items.map((item) => JSON.stringify(item));
    const tokens = await python.encrypt(key, sessionId, plain);
    await inner.clearSession();
    await inner.addItems(tokens.map(envelope));
    expect(await ours.getItems()).toEqual(items);
  });

  test('any session of this SDK, wrapped, is one that both languages go on with', async () => {
    const path = join(folder, 'wrapped.db');
    const [key, sessionId] = ['a long and random text', 'chat'];
    await using store = await openSessionStore(`sqlite:${path}`);
    const session = store.session(sessionId);
    const js = new EncryptedSession({ session, key, itemFormat: 'responses' });
    const py = await python.session({ sessionId, path, key });
    const first = { input: 'How is the weather in Rome?', city: 'Rome', answer: 'Sunny.' };
    const second = { input: 'And in Oslo?', city: 'Oslo', answer: 'Sunny, too.' };
    await runInJs(js, first);
    expect(await runInPython(py, second)).toEqual([...linesOf(first), `user: ${second.input}`]);
    const third = { input: 'Bye.', answer: 'Bye.' };
    expect(await runInJs(js, third)).toEqual([first, second].flatMap(linesOf).concat('user: Bye.'));
    await py.close();
  });
});
