// Begins runs that each stand still at a moment of their own, as if their process had been killed there, and dies by SIGKILL when none
// goes on. Or, called again, begins them again, and goes on with what is there.
//
// node runs-to-kill.mjs <url> <a file that stands for a service outside> <name> kill <kinds of moments, as JSON> [nth]
// node runs-to-kill.mjs <url> <file> <name> end <the runs, as JSON>
//
// Of each kind the n-th run stands still at its n-th moment, n = 1, 2, ... until one comes to its end unharmed. Where there is an nth, that
// one alone is played. In SQLite a statement cannot stand still: there the process dies at once.
import { randomUUID } from 'node:crypto';
import { appendFileSync, writeSync } from 'node:fs';
import { Agent, setTracingDisabled, tool, Usage } from '@openai/agents';
import {
  durableCall,
  MysqlSessionStore,
  openSessionStore,
  PostgresSessionStore,
  SqliteSessionStore,
} from '@stackone/openai-agents-js-sessions';
import Database from 'better-sqlite3';
import mysql from 'mysql2';
import pg from 'pg';
import { z } from 'zod';

setTracingDisabled(true);
const [url, service, name, what, given, only] = process.argv.slice(2);
/** In ms: nobody waits for its end. */
const LEASE = 600_000;

/** A process of its own for each run: from its moment on it does nothing. */
class Moments {
  #left;
  isOver = false;
  /** Whether moments count: those of opening a store are not meant. */
  count = false;
  stopped = Promise.withResolvers();

  constructor({ kind, nth } = {}) {
    this.kind = kind;
    this.#left = nth;
  }

  /** Whether all ends here. */
  at(of) {
    if (this.count && of === this.kind && --this.#left === 0) {
      this.isOver = true;
      this.stopped.resolve('killed');
    }
    return this.isOver;
  }

  async wait(of) {
    if (this.at(of)) await new Promise(() => {});
  }
}

/** A pool whose statements are moments, and whose connections end as those of a process do. */
function watched(pool, event, moments) {
  pool.on('error', () => {});
  return pool.on(event, (client) => {
    const end = () => (client.connection?.stream ?? client).destroy();
    moments.stopped.promise.then(end);
    for (const method of ['query', 'execute']) {
      const own = client[method]?.bind(client);
      if (!own) continue;
      client[method] = (...call) => (moments.at('statement') ? new Promise(() => {}) : own(...call));
    }
  });
}

/** A store for all runs: of connections to one file in one process one would wait for the other, which cannot go on then. */
const shared = await openSessionStore(url); // makes the tables

/** A store whose statements are moments. */
function open(moments) {
  const isEmbedded = url.startsWith('sqlite');
  if (what === 'end' || (isEmbedded && moments.kind !== 'statement')) return shared;
  const options = { retryDelay: 10 };
  if (url.startsWith('postgres'))
    return PostgresSessionStore.fromPool(
      watched(new pg.Pool({ connectionString: url, max: 1 }), 'connect', moments),
      options,
    );
  if (!isEmbedded)
    return MysqlSessionStore.fromPool(
      watched(mysql.createPool({ uri: url, connectionLimit: 1 }), 'connection', moments),
      options,
    );
  const verbose = () => moments.at('statement') && process.kill(process.pid, 'SIGKILL');
  return SqliteSessionStore.fromDatabase(new Database(url.slice('sqlite:'.length), { verbose }));
}

const call = (tool, city) => ({
  type: 'function_call',
  callId: `call_${randomUUID()}`, // another one each time that the model is asked
  name: tool,
  arguments: JSON.stringify({ city }),
  status: 'completed',
});
const say = (text) => ({
  type: 'message',
  role: 'assistant',
  status: 'completed',
  content: [{ type: 'output_text', text }],
});

function answer(input) {
  const calls = input.filter(({ type }) => type === 'function_call').map(({ callId }) => callId);
  const results = input.filter(({ type }) => type === 'function_call_result').map(({ callId }) => callId);
  if (JSON.stringify(calls) !== JSON.stringify(results)) throw new Error('The input is no valid one.');
  if (calls.length === 0) return [call('look', 'Oslo'), call('look', 'Rome')];
  if (calls.length === 2) return [call('pay', 'Oslo')];
  if (calls.length === 3) return [call('book', 'Oslo')];
  return [say('Done.')];
}

/** A tool whose effect is in the database, in one transaction with the record of its result. */
function booking(store, moments) {
  return tool({
    name: 'book',
    description: 'Books a room',
    parameters: z.object({ city: z.string() }),
    execute: async ({ city }, _runContext, details) => {
      await moments.wait('tool');
      const call = durableCall(details);
      return store.transaction(async (tx) => {
        const booked = `INSERT INTO bookings (run_id) VALUES ('${call.runId}')`;
        await (tx.client.query?.(booked) ?? tx.client.exec(booked));
        return call.record(tx, `booked ${city}`);
      });
    },
  });
}

/** An agent with tools that have an effect outside. */
function clerk(runId, store, moments) {
  const model = {
    async getResponse({ input }) {
      await moments.wait('model');
      const usage = new Usage({ inputTokens: 10, outputTokens: 1, totalTokens: 11 });
      return { usage, responseId: `response_${randomUUID()}`, output: answer(input) };
    },
    async *getStreamedResponse(request) {
      const { output, responseId } = await this.getResponse(request);
      const usage = { inputTokens: 10, outputTokens: 1, totalTokens: 11 };
      yield { type: 'response_done', response: { id: responseId, usage, output } };
    },
  };
  const counted = (tool_) =>
    tool({
      name: tool_,
      description: tool_,
      parameters: z.object({ city: z.string() }),
      execute: async ({ city }, _runContext, { toolCall }) => {
        await moments.wait('tool');
        appendFileSync(service, `${JSON.stringify([runId, toolCall.callId, `${tool_} ${city}`])}\n`);
        await moments.wait('effect');
        return `${tool_} ${city}`;
      },
    });
  return new Agent({
    name: 'Clerk',
    model,
    tools: [counted('look'), counted('pay'), booking(store, moments)],
  });
}

/** Begins a run, or joins the one that was begun. */
async function play({ kind, nth }, moments) {
  const runId = `${name}-${kind}-${nth}`;
  const store = await open(moments);
  await store.open();
  moments.count = true;
  const session = store.session(runId);
  const stream = kind === 'event';
  const options = { session, runId, stream, ...(what === 'kill' && { lease: LEASE }) };
  const result = await store.runs.start(clerk(runId, store, moments), 'Pay in Oslo.', options);
  if (stream) for await (const _ of result) await moments.wait('event');
  if (stream) await result.completed;
  return { output: result.finalOutput, items: await session.getItems(), usage: await session.usage() };
}

/** How many are played at once. */
const AT_ONCE = { statement: 16, tool: 4, effect: 4, model: 4, event: 16 };

async function endOf(run) {
  const moments = new Moments(run);
  const played = play(run, moments).then(() => 'unharmed');
  return { ...run, end: await Promise.race([moments.stopped.promise, played]) };
}

async function killEach(kind) {
  if (only) return [await endOf({ kind, nth: Number(only) })];
  const runs = [];
  while (!runs.some(({ end }) => end === 'unharmed')) {
    const more = Array.from({ length: AT_ONCE[kind] }, (_, index) => ({
      kind,
      nth: runs.length + index + 1,
    }));
    runs.push(...(await Promise.all(more.map(endOf))));
  }
  return runs;
}

if (what === 'kill') {
  const runs = await Promise.all(JSON.parse(given).map(killEach));
  writeSync(1, JSON.stringify(runs.flat()));
  process.kill(process.pid, 'SIGKILL');
}
const seen = JSON.parse(given).map((run) => play(run, new Moments()));
console.log(JSON.stringify(await Promise.all(seen)));
await shared.close();
