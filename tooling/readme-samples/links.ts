import { existsSync, readFileSync } from 'node:fs';
import { linkTarget, type Readme } from './readmes.ts';

/** The links of a page that lead to a file or to a heading that is not there. Those to other hosts are not followed. */
export function deadLinks(page: Readme): string[] {
  return linksOf(page.text).filter((link) => {
    if (/^https?:/.test(link)) return false;
    const [file = '', fragment] = link.split('#');
    const target = file === '' ? undefined : linkTarget(page, file);
    if (target !== undefined && !existsSync(target)) return true;
    if (fragment === undefined) return false;
    const text = target === undefined ? page.text : readFileSync(target, 'utf8');
    return !anchorsOf(text).includes(fragment);
  });
}

/** Where the links of a text lead to, blocks of code aside. */
export function linksOf(text: string): string[] {
  return Array.from(withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g), ([, link = '']) => link);
}

/** The anchors of the headings of a text, as GitHub makes them. */
export function anchorsOf(text: string): string[] {
  return Array.from(withoutCode(text).matchAll(/^#+ (.*)/gm), ([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

const withoutCode = (text: string) => text.replaceAll(/^\s*(`{3,}|~{3,})[\s\S]*?^\s*\1$/gm, '');
