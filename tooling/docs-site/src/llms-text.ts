import { groupsOf, markdownUrlOf, type Page, withSiteLinks } from './pages.ts';

/** `llms.txt`: what there is, with a line for each page, for people who work with assistants (https://llmstxt.org). */
export function llmsText(all: readonly Page[], base: string): string {
  const [start] = all.filter(({ slug }) => slug === '');
  const groups = groupsOf(all).map(({ label, pages }) => {
    const lines = pages.map((page) => `- [${page.title}](${markdownUrlOf(page, base)}): ${page.description}`);
    return `## ${label}\n\n${lines.join('\n')}`;
  });
  const intro = `# openai-agents-js-sessions\n\n> ${start?.description}\n\nAll pages in one file: [llms-full.txt](${base}llms-full.txt)`;
  return `${[intro, ...groups].join('\n\n')}\n`;
}

/** All pages as one Markdown text, in the order of the side bar. */
export function allPagesText(all: readonly Page[], base: string): string {
  const texts = groupsOf(all).flatMap(({ pages }) =>
    pages.map((page) => {
      const body = withSiteLinks(page, all, base, markdownUrlOf);
      return `<!-- ${page.file} -->\n\n# ${page.title}\n\n${body.trim()}\n`;
    }),
  );
  return texts.join('\n');
}
