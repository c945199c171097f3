import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { RunInfo } from '@stackone/openai-agents-js-sessions';
import { temporaryFolder } from '@stackone/test-environment';
import { ServerProcess } from '@stackone/test-environment/server-process';
import { describeEngine } from '@stackone/test-servers/vitest';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';

/** A run as the page is told of it. */
interface Shown extends Pick<RunInfo, 'state' | 'attempts' | 'pending'> {
  readonly items: unknown[];
  readonly payments: number;
}

const program = (name: string) => join(import.meta.dirname, '..', name);

async function call<T = unknown>({ url }: ServerProcess, path: string, body?: object) {
  const response = await fetch(`${url}/api/${path}`, body && { method: 'POST', body: JSON.stringify(body) });
  return { status: response.status, body: (await response.json()) as T };
}

const shown = async (page: ServerProcess, run: string) => (await call<Shown>(page, `runs/${run}`)).body;

async function shownWhen(page: ServerProcess, run: string, isSo: (shown: Shown) => boolean): Promise<Shown> {
  for (;;) {
    const now = await shown(page, run);
    if (isSo(now)) return now;
    await wait(50);
  }
}

/** Asks for a payment that waits then; gives the id of the run. */
async function ask(page: ServerProcess): Promise<string> {
  const id = randomUUID();
  expect(await call(page, 'runs', { id, text: 'Pay invoice 7.' })).toMatchObject({
    status: 200,
    body: { state: 'waiting', pending: [{ callId: 'call_1', tool: 'pay', arguments: '{"invoice":"7"}' }] },
  });
  return id;
}

const decide = (page: ServerProcess, run: string, approve: boolean, by: string) =>
  call<{ code?: string; message?: string }>(page, `runs/${run}/decision`, { callId: 'call_1', approve, by });

function describeApprovals(url: string): void {
  const environment = { DATABASE_URL: url, LEASE_MS: '500' };
  let pages: readonly [ServerProcess, ServerProcess];
  beforeAll(async () => {
    const start = () => ServerProcess.start(program('server.ts'), environment);
    pages = await Promise.all([start(), start()]);
  });
  afterAll(() => {
    for (const page of pages ?? []) page.kill('SIGKILL');
  });

  async function startWorker(slow: string): Promise<ChildProcess> {
    const env = { ...process.env, ...environment, SLOW_MS: slow };
    const worker = spawn(process.execPath, [program('worker.ts')], {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void worker.kill('SIGKILL'));
    expect(String(await once(worker.stdout, 'data'))).toContain('waits for runs');
    worker.stdout.resume(); // a full pipe would stop it
    return worker;
  }

  async function killed(worker: ChildProcess): Promise<void> {
    const ended = once(worker, 'exit');
    worker.kill('SIGKILL');
    expect(await ended).toEqual([null, 'SIGKILL']);
  }

  test('a worker is killed between the approval and the end: one payment, one end', async () => {
    const [page, other] = pages;
    const run = await ask(page);
    await killed(await startWorker('0')); // nobody has to live while it waits
    expect(await call<{ id: string }[]>(other, 'pending')).toMatchObject({ body: [{ id: run }] });

    const first = await startWorker('1000000');
    expect((await decide(other, run, true, 'ada')).status).toBe(200);
    expect(await shownWhen(other, run, ({ payments }) => payments > 0)).toMatchObject({
      state: 'running',
      payments: 1,
      items: [],
    });
    await killed(first);

    await startWorker('0');
    const ended = await shownWhen(page, run, ({ state }) => state === 'done');
    expect(ended).toMatchObject({ payments: 1, attempts: 3 });

    const undisturbed = await ask(page);
    expect((await decide(page, undisturbed, true, 'ada')).status).toBe(200);
    const expected = await shownWhen(page, undisturbed, ({ state }) => state === 'done');
    expect(expected).toMatchObject({ payments: 1, attempts: 2 });
    expect(expected.items).toHaveLength(4);
    expect(ended.items).toEqual(expected.items);

    // the same again, from both: it is answered, and nothing happens
    expect((await decide(page, run, true, 'ada')).status).toBe(200);
    expect((await call(other, 'runs', { id: run, text: 'Pay invoice 7.' })).status).toBe(200);
    expect(await shown(page, run)).toEqual(ended);
  });

  test('of two decisions at the same time from two processes one holds, and the other is told whose', async () => {
    const run = await ask(pages[0]);
    const answers = await Promise.all([
      decide(pages[0], run, true, 'ada'),
      decide(pages[1], run, false, 'grace'),
    ]);
    const [winner, paid] = answers[0].status === 200 ? (['ada', 1] as const) : (['grace', 0] as const);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    const refused = answers.find(({ status }) => status === 409);
    expect(refused?.body).toMatchObject({
      code: 'RUN_DECIDED',
      message: expect.stringMatching(`^"${winner}" (approved|rejected) this call at `),
    });
    await startWorker('0');
    const ended = await shownWhen(pages[0], run, ({ state }) => state === 'done');
    expect(ended.payments).toBe(paid);
  });
}

describe('sqlite', () => describeApprovals(`sqlite:${join(temporaryFolder(), 'approvals.db')}`));

describeEngine('postgres:18', ({ url }) => {
  describe('two pages and workers', () => describeApprovals(url));
});
