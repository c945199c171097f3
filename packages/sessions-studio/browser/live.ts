// How soon a page shows what another process writes.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { SessionStore } from '@stackone/sessions-core';
import type { Browser } from 'playwright-core';
import { openStudio } from './opened-page.ts';

/**
 * Has another process write turns into a conversation that a page shows, and tells for each how long it took, in ms: from the moment
 * before the call to the moment after the text was in the page.
 *
 * @param url - Of the database of the store.
 */
export async function turnsOfAnother(
  browser: Browser,
  store: SessionStore,
  url: string,
  turns: number,
): Promise<number[]> {
  const id = 'live';
  await store.session(id).addItems([{ role: 'user', content: 'before' }]);
  const writer = fork(join(import.meta.dirname, 'live-writer.ts'), [url, id]);
  try {
    await once(writer, 'message');
    await using opened = await openStudio(browser, store, { open: id });
    const { page } = opened;
    await page.getByText('the writer is there').waitFor();
    await page.evaluate(() => {
      const seen: Record<string, number> = {};
      Object.assign(window, { seen });
      new MutationObserver(() => {
        const last = [...document.querySelectorAll('.turns .markdown')].at(-1)?.textContent ?? '';
        seen[last] ??= Date.now();
      }).observe(document.body, { childList: true, subtree: true, characterData: true });
    });
    const times: number[] = [];
    for (let turn = 0; turn < turns; turn++) {
      const text = `turn ${turn} of another process`;
      const answered = once(writer, 'message');
      writer.send(text);
      const [began] = (await answered) as [number];
      const seen = await page.waitForFunction(
        (of) => (window as unknown as { seen: Record<string, number> }).seen[of],
        text,
        { timeout: 60_000 },
      );
      times.push(Number(await seen.jsonValue()) - began);
      // not in step with what asks at an interval
      await page.waitForTimeout(137 + (turn % 7) * 90);
    }
    return times;
  } finally {
    writer.disconnect();
    await once(writer, 'exit');
  }
}

/** The middle one. */
export function median(times: readonly number[]): number {
  return times.toSorted((one, other) => one - other)[Math.floor(times.length / 2)] ?? Number.NaN;
}
