// Pictures and files that want to do more than be seen.
import assert from 'node:assert/strict';
import type { AgentInputItem } from '@openai/agents-core';
import { MemorySessionStore } from '@stackone/sessions-memory';
import type { Browser } from 'playwright-core';
import sharp from 'sharp';
import { look } from './hostile.ts';
import { openStudio } from './opened-page.ts';

const SVG = 'xmlns="http://www.w3.org/2000/svg" width="40" height="40"';
const RUN = 'window.hacked=1;parent.hacked=1;top.hacked=1';

/** Drawings with scripts, pages of HTML and other hosts in them. */
const DRAWINGS = [
  `<svg ${SVG} onload="${RUN}"><script>${RUN}</script><rect width="40" height="40"/></svg>`,
  `<svg ${SVG}><foreignObject width="40" height="40"><body xmlns="http://www.w3.org/1999/xhtml"><iframe srcdoc="&lt;script>${RUN}&lt;/script>"/><img src="x" onerror="${RUN}"/></body></foreignObject></svg>`,
  `<svg ${SVG}><image href="https://evil.example/pixel.png" width="40" height="40"/><style>@import url("https://evil.example/x.css");</style></svg>`,
  `<svg ${SVG}><a href="javascript:${RUN}"><animate attributeName="href" values="javascript:${RUN}"/><rect width="40" height="40"/></a></svg>`,
];

const asBase64 = (type: string, content: string | Buffer) =>
  `data:${type};base64,${Buffer.from(content).toString('base64')}`;

/** A picture with so many pixels on each side. */
function pictureOf(side: number): Promise<Buffer> {
  return sharp({ create: { width: side, height: side, channels: 3, background: 'red' } })
    .png({ colours: 2 })
    .toBuffer();
}

const HUGE = pictureOf(8000);

/** Looks at a conversation of them, shows each and saves what can be saved. */
export async function lookAtHostilePictures(
  browser: Browser,
  files?: Readonly<Record<string, string>>,
): Promise<void> {
  const picture = asBase64('image/png', await pictureOf(8));
  const image = (given: string): object => ({ type: 'input_image', image: given });
  const content = [
    image(picture),
    ...DRAWINGS.flatMap((drawing) => [
      image(asBase64('image/svg+xml', drawing)),
      image(`data:image/svg+xml;utf8,${encodeURIComponent(drawing)}`),
    ]),
    image('https://evil.example/pixel.png'),
    image(`data:text/html,<script>${RUN}</script>`),
    image(asBase64('image/png', `<script>${RUN}</script>`)),
    image(asBase64('image/png', await HUGE)),
    {
      type: 'input_file',
      file: asBase64('text/html', `<script>${RUN}</script>`),
      filename: '../../a/evil.html',
    },
    { type: 'input_file', file: { url: 'https://evil.example/file.pdf' } },
  ];
  const store = new MemorySessionStore();
  await store.session('pictures').addItems([
    { role: 'user', content } as AgentInputItem,
    {
      type: 'function_call_result',
      callId: 'c1',
      name: 'draw',
      status: 'completed',
      output: [{ type: 'input_image', image: picture }],
    },
  ]);
  await using opened = await openStudio(browser, store, { files, open: 'pictures' });
  const { page, problems, elsewhere } = opened;
  await page.setViewportSize({ width: 1280, height: 4000 });
  await page.locator('.media').first().waitFor();
  await page.keyboard.press('f');
  for (let left = DRAWINGS.length * 2; left > 0; left--)
    await page.getByRole('button', { name: 'Show it' }).first().click();
  await page.getByText('too many pixels').waitFor();
  await page.getByText('cannot show this picture').first().waitFor();
  // the one in the message, the one of the tool, and drawings that are pictures
  await page.waitForFunction((least) => document.querySelectorAll('.picture img').length >= least, 2 + 6);
  await page.waitForTimeout(300);
  await look(page, 'pictures');
  const link = page.getByRole('link', { name: 'https://evil.example/pixel.png' });
  assert.match((await link.getAttribute('rel')) ?? '', /noopener/);
  const saved = page.waitForEvent('download');
  await page.locator('.media', { hasText: 'evil.html' }).getByRole('button', { name: 'Save it' }).click();
  assert.doesNotMatch((await saved).suggestedFilename(), /[/\\]/);
  await look(page, 'a file that was saved');
  assert.deepEqual(
    [problems, elsewhere.filter((url) => !url.startsWith('data:') && !url.startsWith('blob:'))],
    [[], []],
  );
}
