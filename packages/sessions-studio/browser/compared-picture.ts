// Pictures of the page, compared with those that are stored, which README and docs show.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pixelmatch from 'pixelmatch';
import sharp from 'sharp';

/** Where the stored ones are. */
const STORED = join(import.meta.dirname, '../../../docs/pictures');
/** Where what differs is written. */
const DIFFERENT = join(import.meta.dirname, '../node_modules/.pictures');

/**
 * So much may differ of the colour of a pixel, and so many pixels of a picture: another version of Chromium smooths edges otherwise.
 * A word more or less is some hundred pixels.
 */
const TOLERANCE = { colour: 0.15, pixels: 120 };

/** Stores a picture, in the colours of a palette: it is a third as large then. */
export async function storePicture(name: string, png: Uint8Array): Promise<void> {
  mkdirSync(STORED, { recursive: true });
  await sharp(png)
    .png({ palette: true, effort: 10, compressionLevel: 9 })
    .toFile(join(STORED, `${name}.png`));
}

/**
 * How a picture differs from the stored one of its name; nothing where it does not. It is written then, with one that shows where.
 *
 * @param stored - Default: the one of its name.
 */
export async function difference(
  name: string,
  png: Uint8Array,
  stored?: Uint8Array,
): Promise<string | undefined> {
  const file = join(STORED, `${name}.png`);
  const wanted = stored ?? (await readFile(file).catch(() => undefined));
  if (!wanted) return `There is no ${file}. \`npm run studio:pictures\` makes it.`;
  const [one, other] = [await pixels(png), await pixels(wanted)];
  const kept = join(DIFFERENT, name);
  rmSync(`${kept}.png`, { force: true });
  rmSync(`${kept}.difference.png`, { force: true });
  const isSameSize = one.width === other.width && one.height === other.height;
  const shown = new Uint8Array(one.data.length);
  const count = isSameSize
    ? pixelmatch(one.data, other.data, shown, one.width, one.height, { threshold: TOLERANCE.colour })
    : Number.POSITIVE_INFINITY;
  if (count <= TOLERANCE.pixels) return undefined;
  mkdirSync(DIFFERENT, { recursive: true });
  writeFileSync(`${kept}.png`, png);
  if (isSameSize) {
    const { width, height } = one;
    await sharp(shown, { raw: { width, height, channels: 4 } })
      .png()
      .toFile(`${kept}.difference.png`);
  }
  const how = isSameSize
    ? `${count} pixels differ, see ${kept}.difference.png`
    : `it is ${one.width} x ${one.height}, not ${other.width} x ${other.height}`;
  return `${name} looks other than docs/pictures/${name}.png: ${how}. What is seen now is ${kept}.png; \`npm run studio:pictures\` makes it the stored one.`;
}

async function pixels(png: Uint8Array): Promise<{ data: Uint8Array; width: number; height: number }> {
  const { data, info } = await sharp(png).ensureAlpha().raw().toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height };
}
