import { globSync, readFileSync } from 'node:fs';
import { dirname, join, posix, resolve } from 'node:path';

/** The root of the repository. */
export const ROOT = resolve(import.meta.dirname, '../../..');

/** Where files of the repository are that have no page. */
const REPOSITORY = 'https://github.com/StackOneHQ/openai-agents-js-sessions/blob/main';

/** A Markdown file of the repository that becomes a page. */
export interface Page {
  /** The file, from the root of the repository. */
  readonly file: string;
  /** The place in the site, without slashes around it; empty for the start page. */
  readonly slug: string;
  readonly title: string;
  /** Its first sentences, as plain text. */
  readonly description: string;
  /** The text below the title. */
  readonly body: string;
}

/** The groups of the side bar. A page of `docs/` that is in none of them stands at the end of the last one. */
const GROUPS: readonly { readonly label: string; readonly slugs: readonly string[] }[] = [
  {
    label: 'Build',
    slugs: [
      '',
      'build-a-chat-app',
      'sessions',
      'servers-and-pools',
      'tenants',
      'windows',
      'compaction',
      'encryption',
      'two-languages',
      'options',
      'url-parameters',
    ],
  },
  {
    label: 'Run',
    slugs: [
      'what-you-can-rely-on',
      'when-a-run-fails',
      'errors',
      'exactly-once',
      'faults',
      'soak',
      'production',
      'production-postgresql',
      'production-mysql',
      'production-sqlite',
      'diagnostics',
      'opentelemetry',
      'bundlers-serverless-and-test-runners',
      'engines',
      'costs',
      'capacity',
      'benchmarks',
      'benchmarks/results',
    ],
  },
  {
    label: 'Packages',
    slugs: [
      'packages/sessions-postgres',
      'packages/sessions-mysql',
      'packages/sessions-sqlite',
      'packages/sessions-memory',
      'packages/openai-agents-js-sessions',
      'packages/sessions-studio',
      'packages/sessions-core',
    ],
  },
  {
    label: 'More',
    slugs: ['write-your-own-backend', 'migrating-from-0.4.1', 'what-this-is-not', 'public-api'],
  },
];

/** All pages: `docs/`, and the README of every package and example. */
export function pages(): Page[] {
  const patterns = ['docs/**/*.md', 'packages/*/README.md', 'examples/*/README.md'];
  const files = globSync(patterns, { cwd: ROOT }).map((file) => file.replaceAll('\\', '/'));
  return files.sort().map((file) => pageOf(file, readFileSync(join(ROOT, file), 'utf8')));
}

/** The pages of each group of the side bar, in order. */
export function groupsOf(all: readonly Page[]): { label: string; pages: Page[] }[] {
  const named = new Set(GROUPS.flatMap(({ slugs }) => slugs));
  const others = all.filter(({ slug }) => !named.has(slug));
  return GROUPS.map(({ label, slugs }, index) => {
    const found = slugs.flatMap((slug) => all.filter((page) => page.slug === slug));
    return { label, pages: index === GROUPS.length - 1 ? [...found, ...others] : found };
  });
}

/**
 * A page of a file.
 *
 * @throws Error for a file that does not begin with a heading.
 */
export function pageOf(file: string, text: string): Page {
  const [, title, body] = /^# (.+)\n([\s\S]*)$/.exec(text) ?? [];
  if (title === undefined || body === undefined) throw new Error(`${file} does not begin with a heading.`);
  const slug = file.replace(/^docs\//, '').replace(/(^|\/)README\.md$|\.md$/, '');
  return { file, slug, title, description: firstSentences(body), body };
}

function firstSentences(body: string): string {
  const paragraph = body.split(/\n{2,}/).find((block) => /^[A-Z`[]/.test(block.trim())) ?? '';
  const plain = paragraph
    .replaceAll(/\[([^\]]+)\]\([^)]*\)/g, '$1')
    .replaceAll(/[`*]/g, '')
    .replaceAll(/\s+/g, ' ');
  return plain.trim();
}

/**
 * Makes the links of a page lead to the pages of the site, or to the repository where a file has none.
 *
 * @param base - Where the site is, with a slash at its end.
 * @param addressOf - The address of a page.
 */
export function withSiteLinks(
  page: Page,
  all: readonly Page[],
  base: string,
  addressOf: (page: Page, base: string) => string,
): string {
  return outsideCode(page.body, (text) =>
    text.replaceAll(/\]\(([^)\s]+)\)/g, (whole, link: string) => {
      if (/^[a-z]+:/.test(link) || link.startsWith('#')) return whole;
      const [path = '', fragment] = link.split('#');
      const file = posix.join(dirname(page.file), path);
      const hash = fragment === undefined ? '' : `#${fragment}`;
      const target = all.find((other) => other.file === file);
      if (target) return `](${addressOf(target, base)}${hash})`;
      if (attachments().includes(file)) return `](${base}${attachmentName(file)})`;
      return `](${REPOSITORY}/${file}${hash})`;
    }),
  );
}

/** The address of a page. */
export function urlOf({ slug }: Page, base: string): string {
  return slug === '' ? base : `${base}${slug}/`;
}

/** The name under which a page is there as Markdown. */
export function markdownName({ slug }: Page): string {
  return slug === '' ? 'index.md' : `${slug}.md`;
}

/** The address of a page as Markdown. */
export const markdownUrlOf = (page: Page, base: string) => `${base}${markdownName(page)}`;

/** Files beside the pages that they show: charts, and figures for machines. */
export function attachments(): string[] {
  const patterns = ['docs/**/*.{svg,png,json}', 'examples/*/*.png'];
  return globSync(patterns, { cwd: ROOT }).map((file) => file.replaceAll('\\', '/'));
}

/** The place of such a file in the site. */
export const attachmentName = (file: string) => file.replace(/^docs\//, '');

function outsideCode(text: string, change: (text: string) => string): string {
  const parts = text.split(/(^[ \t]*```[\s\S]*?^[ \t]*```$|`[^`\n]+`)/m);
  return parts.map((part, index) => (index % 2 === 0 ? change(part) : part)).join('');
}
