// What hostile texts, pictures and files must not do, in a real browser; and that each protection that is taken out is noticed.
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sampleStore } from '../test/sample.ts';
import { hostileStore, lookAtHostile, lookAtScreens } from './hostile.ts';
import { lookAtHostilePictures } from './hostile-pictures.ts';
import { openStudio, startBrowser } from './opened-page.ts';
import { pageWithFault } from './page-with-fault.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await startBrowser();
});
afterAll(() => browser?.close());

describe('hostile texts', () => {
  test('in every field of every view become no element, no link to a script, and run nothing', async () => {
    await lookAtHostile(browser, await hostileStore());
  });

  test('in what the server tells of the whole store, and in addresses, neither', async () => {
    await lookAtScreens(browser);
  });

  test('pictures run nothing, ask no other host, and are not larger than a browser can bear', async () => {
    await lookAtHostilePictures(browser);
  });

  test('the policy of the page holds in this browser', async () => {
    const store = await sampleStore();
    await using opened = await openStudio(browser, store);
    const { page, elsewhere } = opened;
    await page.locator('.sessions a').first().waitFor();
    const tried = await page.evaluate(async () => {
      const attempts: Record<string, () => unknown> = {
        html: () => {
          document.body.innerHTML = '<p>x</p>';
        },
        script: () => {
          const script = document.createElement('script');
          script.append('window.hacked = 1');
          document.body.append(script);
          return (window as { hacked?: number }).hacked ?? Promise.reject(new Error('not run'));
        },
        fetched: () => fetch('http://localhost:1/'),
      };
      const done: string[] = [];
      for (const [name, attempt] of Object.entries(attempts)) {
        try {
          await attempt();
          done.push(name);
        } catch {
          // refused
        }
      }
      return done;
    });
    expect([tried, elsewhere]).toEqual([[], []]);
  });

  test.each([
    {
      fault: 'HTML of a text is laid out',
      file: 'items/markdown.tsx',
      line: 'return <>{token.raw}</>; // HTML, images: as they were written',
      becomes: 'return <span dangerouslySetInnerHTML={{ __html: token.raw }} />;',
      noticed: /TrustedHTML|!== 210/,
    },
    {
      fault: 'links lead anywhere',
      file: 'items/markdown.tsx',
      line: 'if (!isSafe) return <>{otherwise}</>;',
      becomes: '',
      noticed: /javascript:/,
    },
  ])('a page with a fault is noticed: $fault', async ({ noticed, ...fault }) => {
    const files = await pageWithFault(fault);
    const store = await hostileStore();
    await expect(lookAtHostile(browser, store, files)).rejects.toMatchObject({
      name: 'AssertionError',
      message: expect.stringMatching(noticed),
    });
  });

  test.each([
    {
      fault: 'HTML of a finding is laid out',
      file: 'screens/doctor.tsx',
      line: '<p>{message}</p>',
      becomes: '<p dangerouslySetInnerHTML={{ __html: message }} />',
    },
    {
      fault: 'HTML of the name of a model is laid out',
      file: 'screens/usage.tsx',
      line: '<span class={colourClass(at)} /> {name}',
      becomes: '<span dangerouslySetInnerHTML={{ __html: name }} />',
    },
    {
      fault: 'HTML of the name of a tool is laid out',
      file: 'screens/runs.tsx',
      line: '<span class="name">{call.tool}</span>',
      becomes: '<span dangerouslySetInnerHTML={{ __html: call.tool }} />',
    },
  ])('a screen with a fault is noticed: $fault', async ({ fault: _, ...planted }) => {
    const files = await pageWithFault(planted);
    await expect(lookAtScreens(browser, files)).rejects.toThrow(/TrustedHTML|!== 35|deep-equal/);
  });

  test.each([
    {
      fault: 'pictures of other hosts are loaded',
      file: 'items/media.ts',
      line: 'return { kind, name, type, place: text };',
      becomes: "return { kind, name, type: 'image/png', data: text };",
    },
    {
      fault: 'a drawing is a page of its own',
      file: 'items/media-part.tsx',
      line: '<img src={source.value} alt={name} decoding="async" />',
      becomes: '<object data={source.value} />',
    },
    {
      fault: 'pictures are as large as they like',
      file: 'items/media-part.tsx',
      line: "else if (found > PIXELS) said.value = 'This picture has too many pixels to be shown.';",
      becomes: '',
    },
  ])('a page that shows pictures otherwise is noticed: $fault', async ({ fault: _, ...planted }) => {
    const files = await pageWithFault(planted);
    await expect(lookAtHostilePictures(browser, files)).rejects.toThrow();
  });
});
