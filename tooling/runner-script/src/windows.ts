import assert from 'node:assert/strict';
import { type AgentInputItem, MemorySession, type Session, setTracingDisabled } from '@openai/agents-core';
import type { SceneResult } from './index.js';
import { SCENES } from './scenes.js';

/** Bounds of what a session hands to the runner. */
type Window =
  | { turns: number }
  | { items: number }
  | { toolOutputs: { newest: number; maxCharacters: number } }
  | { tokens: number; count: (item: AgentInputItem) => number };

/** Opens a session over the conversation with this id; each call may give another object. */
type OpenWindow = (sessionId: string, options?: { window: Window }) => Session | Promise<Session>;

/** Shortens every result before the newest turn. */
const SHORTENED = 'short results';

/** Windows that hold less than the conversation that the scenes go on with, the last so small that nothing fits. */
export const WINDOWS: Readonly<Record<string, Window>> = {
  [SHORTENED]: { toolOutputs: { newest: 0, maxCharacters: 10 } },
  'one turn': { turns: 1 },
  'one item': { items: 1 },
  'three items': { items: 3 },
  'no item': { tokens: 1, count: () => 2 },
};

const say = (id: string, text: string): AgentInputItem => ({
  type: 'message',
  role: 'assistant',
  id,
  status: 'completed',
  content: [{ type: 'output_text', text }],
});

/** The conversation before a scene: three turns, the last without an answer. */
const BEFORE: readonly AgentInputItem[] = [
  { role: 'user', content: 'Are you there?' },
  say('before1', 'Yes.'),
  { role: 'user', content: 'Weather in Bonn?' },
  {
    type: 'function_call',
    callId: 'before',
    name: 'weather',
    arguments: '{"city":"Bonn"}',
    status: 'completed',
  },
  {
    type: 'function_call_result',
    callId: 'before',
    name: 'weather',
    status: 'completed',
    output: 'rain, '.repeat(50),
  },
  say('before2', 'Rain.'),
  { role: 'user', content: 'Thank you.' },
];

/** How a scene ends where a window makes a difference. */
interface Difference {
  /** The endings of its runs. */
  readonly ended: readonly string[];
  /** Ids of items, or of the calls they belong to, that are not stored, as the SDK refused to go on. */
  readonly withheld?: readonly string[];
}

const RECONCILED =
  'UserError: Session history changed while a resumed write was unacknowledged and cannot be reconciled safely.';
const SUFFIX = 'UserError: Session history suffix no longer matches the transaction precondition.';

/** The refusals are the SDK's own: it compares what it reads with what it wrote, and does not find it all. */
const LOST: Difference = { ended: ['acknowledgement lost', RECONCILED], withheld: ['m1'] };
const BLOCKED: Difference = {
  ended: ['OutputGuardrailTripwireTriggered', SUFFIX, 'Polite.'],
  withheld: ['m1'],
};

/** Every scene that ends in another way than without a window, by the window. With whole turns none does. */
const DIFFERENCES: Readonly<Record<string, Readonly<Record<string, Difference>>>> = {
  [SHORTENED]: {},
  'one turn': {},
  'one item': {
    'an approval whose first acknowledgement is lost': LOST,
    'a blocked answer after a tool, resumed': BLOCKED,
  },
  'three items': { 'an approval whose first acknowledgement is lost': LOST },
  // the lost acknowledgement is made good by the session: the same answer to a call is stored once
  'no item': { 'a blocked answer after a tool, resumed': BLOCKED },
};

/** Where the model itself compacts, a session without a window drops what came before; a window drops nothing. */
const COMPACTS = 'a compaction item of the model';

/**
 * Plays a scene with the SDK's runner on a session with a window, in a conversation that is longer, and compares it with the same on
 * a `MemorySession` without one: nothing is stored twice, nothing is lost, and what the model is handed is a valid part of it.
 *
 * @param name - One of the names in {@link SCENES}.
 * @param windowName - One of the names in {@link WINDOWS}.
 * @param open - Opens the session under test, with a window or without.
 * @param sessionId - A conversation that nobody has used.
 * @throws AssertionError where they differ in anything but {@link DIFFERENCES}.
 */
export async function playWindowedScene(
  name: string,
  windowName: string,
  open: OpenWindow,
  sessionId: string,
): Promise<void> {
  setTracingDisabled(true);
  const scene = SCENES[name];
  const window = WINDOWS[windowName];
  assert.ok(scene && window, `there is no scene "${name}" or no window "${windowName}"`);
  const memory = new MemorySession({ sessionId, initialItems: [...BEFORE] });
  const expected = await scene(() => memory, sessionId);
  const whole = await open(sessionId);
  await whole.addItems([...BEFORE]);
  const actual = await scene((id) => open(id, { window }), sessionId);
  const stored = await whole.getItems();
  const difference = DIFFERENCES[windowName]?.[name];
  assert.deepEqual(actual.ended, difference?.ended ?? expected.ended);
  if (name === COMPACTS) {
    assert.deepEqual(stored.slice(0, BEFORE.length), BEFORE, 'what the window hid is gone');
    const marker = stored.findIndex(({ type }) => type === 'compaction');
    assert.deepEqual(stored.slice(marker), expected.stored);
  } else {
    const withheld = difference?.withheld ?? [];
    assert.deepEqual(
      stored,
      expected.stored.filter((item) => !withheld.includes(String(item.id))),
    );
  }
  if (windowName === SHORTENED) checkShortened(actual, expected);
  else checkHanded(actual, expected);
}

/** What the models were handed: all items, with some text of older results left out. */
function checkShortened(actual: SceneResult, expected: SceneResult): void {
  let shorter = 0;
  for (const [index, input] of actual.handed.entries()) {
    const all = expected.handed[index] as AgentInputItem[];
    const items = input as AgentInputItem[];
    assert.equal(items.length, all.length);
    for (const [place, item] of items.entries()) {
      if (JSON.stringify(item) === JSON.stringify(all[place])) continue;
      assert.equal(item.type, 'function_call_result');
      assert.match(JSON.stringify(item), /characters of this output are left out/);
      shorter++;
    }
  }
  if (actual.handed.length > 0) assert.ok(shorter > 0, 'the window shortened nothing');
}

/** What the models were handed: less than without a window, in the same order, and no result without its call. */
function checkHanded(actual: SceneResult, expected: SceneResult): void {
  let fewer = 0;
  for (const [index, input] of actual.handed.entries()) {
    const items = input as AgentInputItem[];
    const all = (expected.handed[index] as AgentInputItem[]).map((item) => JSON.stringify(item));
    let at = 0;
    for (const item of items) {
      at = all.indexOf(JSON.stringify(item), at) + 1;
      assert.ok(at > 0, 'an item that is handed over out of order, or only with a window');
    }
    fewer += all.length - items.length;
    for (const [place, item] of items.entries()) {
      if (item.type !== 'function_call_result') continue;
      const isCall = (other: AgentInputItem) =>
        other.type === 'function_call' && other.callId === item.callId;
      assert.ok(items.slice(0, place).some(isCall), 'a result without its call');
    }
  }
  if (actual.handed.length > 0) assert.ok(fewer > 0, 'the window hid nothing');
}
