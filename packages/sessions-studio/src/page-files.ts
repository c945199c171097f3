import { BUILT_PAGE } from './built-page.js';

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
  md: 'text/plain; charset=utf-8',
};

/** A file of the page, as it was built; nothing for any other name. */
export function pageFile(name: string): Response | undefined {
  const text = Object.hasOwn(BUILT_PAGE, name) ? BUILT_PAGE[name] : undefined;
  const type = TYPES[name.slice(name.lastIndexOf('.') + 1)];
  return text === undefined || type === undefined
    ? undefined
    : new Response(text, { headers: { 'content-type': type } });
}
