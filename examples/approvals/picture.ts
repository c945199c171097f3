// Plays the scene of the README in Chromium, with a real kill, and takes its picture.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ServerProcess } from '@stackone/test-environment/server-process';
import { findChromium } from '@stackone/test-servers/chromium';
import { type Browser, chromium, type Page } from 'playwright-core';

const PICTURE = join(import.meta.dirname, 'approvals.png');
/** Of one tab, in pixels. */
const TAB = { width: 560, height: 440 };

const program = (name: string) => join(import.meta.dirname, name);

async function startWorker(
  environment: Readonly<Record<string, string>>,
  slow: string,
): Promise<ChildProcess> {
  const env = { ...process.env, ...environment, SLOW_MS: slow };
  const worker = spawn(process.execPath, [program('worker.ts')], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(worker.stdout, 'data');
  worker.stdout.resume(); // a full pipe would stop it
  return worker;
}

async function openTab(browser: Browser, { url }: ServerProcess): Promise<Page> {
  const page = await browser.newPage({ viewport: TAB });
  await page.goto(url);
  return page;
}

/** Asks in one tab, approves in the other, kills the worker that pays, and lets another one go on. */
async function play(browser: Browser, environment: Readonly<Record<string, string>>): Promise<void> {
  const start = () => ServerProcess.start(program('server.ts'), environment);
  const pages = await Promise.all([start(), start()]);
  const workers: ChildProcess[] = [];
  try {
    const asking = await openTab(browser, pages[0]);
    const deciding = await openTab(browser, pages[1]);
    const both = async () => [await asking.screenshot(), await deciding.screenshot()];

    await asking.getByRole('button', { name: 'Send' }).click();
    await asking.getByText('waiting, attempt 1').waitFor();
    await deciding.getByRole('button', { name: 'Approve' }).waitFor();
    const waiting = await both();

    const first = await startWorker(environment, '1000000');
    workers.push(first);
    await deciding.getByRole('button', { name: 'Approve' }).click();
    await asking.getByText('running, attempt 2, payments: 1').waitFor();
    first.kill('SIGKILL');
    const paying = await both();

    workers.push(await startWorker(environment, '0'));
    await asking.getByText('done, attempt 3, payments: 1').waitFor();
    const done = await both();

    await takePicture(browser, [
      ['1. Asked in one tab. Nothing is paid: it waits, in every process.', waiting],
      ['2. Approved in the other tab, paid by a worker, and the worker is killed.', paying],
      ['3. Another worker goes on. The run ends once, with one payment.', done],
    ]);
  } finally {
    for (const child of [...pages, ...workers]) child.kill('SIGKILL');
  }
}

/** One picture of several: a line for each moment. */
async function takePicture(
  browser: Browser,
  moments: readonly (readonly [title: string, pictures: readonly Buffer[]])[],
): Promise<void> {
  const page = await browser.newPage({ viewport: { width: 2 * TAB.width + 48, height: 600 } });
  const image = (picture: Buffer) => `<img src="data:image/png;base64,${picture.toString('base64')}">`;
  await page.setContent(
    `<style>
      body { font: 600 20px system-ui, sans-serif; margin: 16px; background: #fff }
      p { margin: 16px 0 8px }
      div { display: flex; gap: 14px }
      img { border: 1px solid #bbb; border-radius: 6px; width: ${TAB.width}px }
    </style>
    ${moments.map(([title, pictures]) => `<p>${title}</p><div>${pictures.map(image).join('')}</div>`).join('')}`,
  );
  await page.screenshot({ path: PICTURE, fullPage: true });
}

const folder = await mkdtemp(join(tmpdir(), 'approvals-'));
const { executablePath, args } = await findChromium();
const browser = await chromium.launch({ executablePath, args: [...args] });
try {
  await play(browser, { DATABASE_URL: `sqlite:${join(folder, 'approvals.db')}`, LEASE_MS: '500' });
  console.log(PICTURE);
} finally {
  await browser.close();
  await rm(folder, { recursive: true, force: true });
}
