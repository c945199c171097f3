import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { allPagesText, llmsText } from './llms-text.ts';
import {
  attachmentName,
  attachments,
  markdownName,
  markdownUrlOf,
  type Page,
  pages,
  ROOT,
  urlOf,
  withSiteLinks,
} from './pages.ts';
import { BASE, SITE } from './site.ts';

const CONTENT = join(SITE, 'src/content/docs');
const PUBLIC = join(SITE, 'public');
const EDIT = 'https://github.com/StackOneHQ/openai-agents-js-sessions/edit/main';

/** Writes the pages as Starlight reads them, and what lies beside them: charts, and the texts for assistants. */
export function writePages(): void {
  const all = pages();
  for (const folder of [CONTENT, PUBLIC]) rmSync(folder, { recursive: true, force: true });
  for (const page of all) {
    const body = withSiteLinks(page, all, BASE, urlOf);
    write(join(CONTENT, markdownName(page)), `${frontmatter(page)}\n${body}`);
    const text = withSiteLinks(page, all, BASE, markdownUrlOf);
    write(join(PUBLIC, markdownName(page)), `# ${page.title}\n${text}`);
  }
  for (const file of attachments()) cpSync(join(ROOT, file), join(PUBLIC, attachmentName(file)));
  cpSync(join(SITE, 'favicon.svg'), join(PUBLIC, 'favicon.svg'));
  write(join(PUBLIC, 'llms.txt'), llmsText(all, BASE));
  write(join(PUBLIC, 'llms-full.txt'), allPagesText(all, BASE));
}

function frontmatter(page: Page): string {
  const fields = {
    title: page.title.replaceAll('`', ''),
    description: page.description,
    editUrl: `${EDIT}/${page.file}`,
    ...(page.slug === '' ? {} : { slug: page.slug }),
  };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
  return `---\n${lines.join('\n')}\n---`;
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
