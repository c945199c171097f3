// Builds the site: node build.ts
import { deadLinks } from './src/dead-links.ts';
import { OUTPUT, SITE } from './src/site.ts';
import { writePages } from './src/write-pages.ts';

process.env.ASTRO_TELEMETRY_DISABLED = '1';
process.env.NODE_ENV = 'production'; // anything else makes a site for development, whose search does nothing
const { build } = await import('astro');

writePages();
await build({ root: SITE, logLevel: 'warn' });
const dead = deadLinks(OUTPUT);
for (const line of dead) console.error(line);
if (dead.length > 0) {
  console.error(`${dead.length} dead links`);
  process.exitCode = 1;
} else {
  console.log(`The site is in ${OUTPUT}`);
}
