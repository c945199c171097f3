// The conversations of a shop, as pictures show them: the same ids, texts and times whenever they are made.
import { Agent, tool, Usage } from '@openai/agents-core';
import { functionCall, ScriptedModel } from '@openai/agents-core/testing';
import type { SessionStore } from '@stackone/sessions-core';
import type { Doctor, Finding } from '@stackone/sessions-core/doctor';
import { MemorySessionStore } from '@stackone/sessions-memory';
import sharp from 'sharp';
import { CONVERSATIONS, OLDER, PARCEL, PHOTO, WAITING } from './shop-conversations.ts';

/** What the clock of the shop says when it is looked at. */
export const SHOP_NOW = new Date('2026-03-12T10:30:00Z');

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/**
 * A store with all of them.
 *
 * @param setClock - Sets the clock that the store keeps times by.
 */
export async function shopStore(setClock: (time: Date) => void): Promise<SessionStore> {
  const store = new MemorySessionStore();
  const at = (before: number) => setClock(new Date(SHOP_NOW.getTime() - before));
  for (const [number, title] of OLDER.entries()) {
    at((40 - number) * 17 * 60 * MINUTE);
    const id = `chat_${3120 + number * 37}`;
    await store.session(id).addItems([{ role: 'user', content: `${title}?` }]);
    await store.sessions.update(id, { title, metadata: { channel: number % 3 === 0 ? 'mail' : 'web' } });
  }
  await recordUsage(store, at);
  const photo = await sharp(Buffer.from(PHOTO)).png().toBuffer();
  for (const { id, title, metadata, minutesAgo, turns } of CONVERSATIONS) {
    for (const [number, items] of turns(`data:image/png;base64,${photo.toString('base64')}`).entries()) {
      const before = minutesAgo + (2 - number) * 4;
      // what the user says is stored at once, what is answered when it is there
      for (const [place, item] of items.entries()) {
        at(before * MINUTE - place * 3000);
        await store.session(id).addItems([item]);
      }
      if (id === PARCEL) await recordTurn(store, id, number);
    }
    await store.sessions.update(id, { title, metadata });
  }
  for (const { id, conversation, agent, tool: name, calls, minutesAgo } of WAITING) {
    at(minutesAgo * MINUTE);
    const asked = tool({
      name,
      description: name,
      parameters: { type: 'object', properties: {}, required: [], additionalProperties: true },
      strict: false,
      needsApproval: true,
      execute: async () => 'done',
    });
    const model = new ScriptedModel([
      calls.map((given, place) => functionCall(name, given, { callId: `call_${id}_${place}` })),
    ]);
    await store.runs.start(new Agent({ name: agent, tools: [asked], model }), 'Go on.', {
      session: store.session(conversation),
      runId: id,
    });
  }
  setClock(SHOP_NOW);
  return store;
}

/** What two models used on each of thirty days, less at weekends. */
async function recordUsage(store: SessionStore, at: (before: number) => void): Promise<void> {
  for (let day = 29; day >= 0; day--) {
    at(day * DAY + 60 * MINUTE);
    const isWeekend = [0, 6].includes(new Date(SHOP_NOW.getTime() - day * DAY).getUTCDay());
    const busy = (isWeekend ? 0.35 : 1) * (1 + Math.sin(day / 3) / 4) * (1 - day / 60);
    for (const [model, size] of [
      ['gpt-5', 310_000],
      ['gpt-5-mini', 190_000],
    ] as const) {
      const inputTokens = Math.round(size * busy);
      const usage = new Usage({
        requests: Math.round(inputTokens / 4000),
        inputTokens,
        outputTokens: Math.round(inputTokens / 9),
        totalTokens: inputTokens + Math.round(inputTokens / 9),
        inputTokensDetails: [{ cached_tokens: Math.round(inputTokens / 2) }],
      });
      const response = { output: [], usage, responseId: `resp_${model}_${day}` };
      await store
        .session(`chat_${3120}`)
        .recordUsage({ rawResponses: [response], state: { usage } }, { model });
    }
  }
}

async function recordTurn(store: SessionStore, id: string, number: number): Promise<void> {
  const inputTokens = 1180 + number * 640;
  const usage = new Usage({ requests: 2, inputTokens, outputTokens: 164, totalTokens: inputTokens + 164 });
  const response = { output: [], usage, responseId: `resp_turn_${number}` };
  await store.session(id).recordUsage({ rawResponses: [response], state: { usage } }, { model: 'gpt-5' });
}

const FINDINGS: readonly Finding[] = [
  { code: 'SERVER', level: 'good', message: 'PostgreSQL 17.2, which this version is tested with.' },
  { code: 'TABLES', level: 'good', message: 'All tables are there, with all their columns.' },
  {
    code: 'INDEXES',
    level: 'improvable',
    message: 'An index for the list of conversations is missing: without it each page reads all of them.',
    advice: 'Run `sessions doctor --fix`, or let a store that may make tables open once.',
  },
  {
    code: 'DURABILITY',
    level: 'wrong',
    message:
      'synchronous_commit is off: the last turns can be lost when the server fails, though they were acknowledged.',
    advice: 'ALTER SYSTEM SET synchronous_commit = on;',
  },
  { code: 'CLOCK', level: 'good', message: 'The clock of the database is that of this machine.' },
  {
    code: 'KEYS',
    level: 'good',
    message: 'All of the newest 1,000 items can be read with the keys that were given.',
  },
];

/** What a doctor could say of the database of the shop. */
export const shopDoctor = (): Promise<Doctor> =>
  Promise.resolve({
    async *examine() {
      yield* FINDINGS;
    },
    repair: () => Promise.reject(new Error('nothing is repaired in a picture')),
    close: () => Promise.resolve(),
  });
