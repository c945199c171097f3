import { BUILT_PAGE } from './built-page.js';

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
  md: 'text/plain; charset=utf-8',
};

/** The page itself at a path without a slash at its end: what it loads is beside the path, in a folder of its last name. */
export function pageBeside(path: string): Response | undefined {
  const folder = path.slice(path.lastIndexOf('/') + 1);
  return pageFile('index.html', (text) => text.replaceAll('"./', `"./${folder}/`));
}

/**
 * A file of the page, as it was built; nothing for any other name.
 *
 * @param change - Of its text.
 */
export function pageFile(name: string, change = (text: string) => text): Response | undefined {
  const text = Object.hasOwn(BUILT_PAGE, name) ? BUILT_PAGE[name] : undefined;
  const type = TYPES[name.slice(name.lastIndexOf('.') + 1)];
  return text === undefined || type === undefined
    ? undefined
    : new Response(change(text), { headers: { 'content-type': type } });
}
