// What a page costs the browser: how soon something is seen, what holds it up while it is scrolled, how much memory it takes.
import { readFileSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';

/** Figures of one view. */
export interface Figures {
  /** From the beginning of the navigation to the first row, in ms. */
  readonly firstView: number;
  /** The longest task of the page's main thread while it was scrolled, in ms of the processor, and by the clock: a busy machine lets it wait. */
  readonly longestTask: number;
  readonly longestByClock: number;
  /** How far it was scrolled, in pixels. */
  readonly scrolled: number;
  /** The memory of its process that no other one shares, in MB, after all of it. */
  readonly memory: number;
}

/** Opens an address in a page of its own, scrolls it with the wheel and gives the figures. */
export async function measured(
  browser: Browser,
  url: string,
  { direction, seconds }: { readonly direction: 1 | -1; readonly seconds: number },
): Promise<Figures> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  try {
    await page.addInitScript(() => {
      const observer = new MutationObserver(() => {
        if (!document.querySelector('[data-step]')) return;
        observer.disconnect();
        requestAnimationFrame(() =>
          setTimeout(() => {
            (window as { firstView?: number }).firstView = performance.now();
          }),
        );
      });
      observer.observe(document, { childList: true, subtree: true });
    });
    await page.goto(url);
    await page.waitForFunction(() => 'firstView' in window);
    const firstView = await page.evaluate(() => (window as { firstView?: number }).firstView ?? Number.NaN);
    // where it begins at its end, until it is there
    await page.waitForTimeout(500);
    const { trace, scrolled } = await traced(browser, page, direction, seconds);
    const { pid, tasks } = mainThread(trace);
    return {
      firstView,
      longestTask: Math.max(...tasks.map(({ tdur = 0 }) => tdur / 1000)),
      longestByClock: Math.max(...tasks.map(({ dur = 0 }) => dur / 1000)),
      scrolled,
      memory: privateMemory(pid),
    };
  } finally {
    await context.close();
  }
}

async function traced(browser: Browser, page: Page, direction: 1 | -1, seconds: number) {
  await browser.startTracing(page, { categories: ['toplevel', 'devtools.timeline', '__metadata'] });
  await page.mouse.move(600, 500);
  const end = Date.now() + seconds * 1000;
  let scrolled = 0;
  while (Date.now() < end) {
    await page.mouse.wheel(0, 700 * direction);
    scrolled += 700;
    await page.waitForTimeout(30);
  }
  return { trace: await browser.stopTracing(), scrolled };
}

interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  /** In microseconds, by the clock and of the processor. */
  readonly dur?: number;
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

/** The tasks of the main thread of the page: of the process that had most. */
function mainThread(trace: Buffer): { pid: number; tasks: readonly TraceEvent[] } {
  const { traceEvents } = JSON.parse(trace.toString()) as { traceEvents: readonly TraceEvent[] };
  const [most] = traceEvents
    .filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain')
    .map(({ pid, tid }) => ({
      pid,
      tasks: traceEvents.filter((one) => one.pid === pid && one.tid === tid && /RunTask$/.test(one.name)),
    }))
    .toSorted((one, other) => other.tasks.length - one.tasks.length);
  if (!most) throw new Error('the trace has no page');
  return most;
}

/** In MB. */
function privateMemory(pid: number): number {
  const kilobytes = [
    ...readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8').matchAll(/^Private_\w+: +(\d+) kB/gm),
  ];
  return kilobytes.reduce((sum, [, one]) => sum + Number(one), 0) / 1024;
}
