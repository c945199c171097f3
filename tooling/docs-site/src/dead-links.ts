import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { join, posix } from 'node:path';
import { BASE } from './site.ts';

/**
 * The links of a built site that lead nowhere: to a page, a file or a heading that is not there. Those to other hosts are not
 * followed.
 *
 * @returns One line for each: where it stands, and where it leads to.
 */
export function deadLinks(site: string): string[] {
  const files = globSync('**/*.html', { cwd: site }).map((file) => file.replaceAll('\\', '/'));
  const anchors = new Map<string, Set<string>>();
  for (const file of files) anchors.set(file, anchorsOf(readFileSync(join(site, file), 'utf8')));
  const dead: string[] = [];
  for (const file of files) {
    for (const link of linksOf(readFileSync(join(site, file), 'utf8'))) {
      if (/^([a-z]+:|\/\/)/i.test(link)) continue;
      const [path = '', fragment = ''] = link.replace(/\?[^#]*/, '').split('#');
      const target = path === '' ? file : fileOf(site, file, decodeURI(path));
      if (target === undefined) dead.push(`${file}: ${link}`);
      else if (fragment !== '' && anchors.get(target)?.has(decodeURIComponent(fragment)) === false)
        dead.push(`${file}: ${link}`);
    }
  }
  return dead;
}

/** The addresses in the attributes of a page, each once. */
export function linksOf(html: string): Set<string> {
  const links = Array.from(html.matchAll(/\s(?:href|src)="([^"]*)"/g), ([, link = '']) => link);
  return new Set(links.map((link) => link.replaceAll('&amp;', '&').replaceAll('&#38;', '&')));
}

function anchorsOf(html: string): Set<string> {
  return new Set(Array.from(html.matchAll(/\s(?:id|name)="([^"]*)"/g), ([, id = '']) => id));
}

/** The file that answers an address, from the folder of the site; none where there is none, or only outside of the base. */
function fileOf(site: string, from: string, path: string): string | undefined {
  if (path.startsWith('/') && !path.startsWith(BASE)) return undefined;
  const inside = path.startsWith('/') ? path.slice(BASE.length) : posix.join(posix.dirname(from), path);
  const file = inside === '' || inside.endsWith('/') ? `${inside}index.html` : inside;
  return existsSync(join(site, file)) && statSync(join(site, file)).isFile() ? file : undefined;
}
