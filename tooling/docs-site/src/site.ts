import { join } from 'node:path';

/** Where the site is: `/`, or the path that `DOCS_BASE` says, as for GitHub Pages. */
export const BASE = `/${(process.env.DOCS_BASE ?? '').replaceAll(/^\/|\/$/g, '')}/`.replace('//', '/');

/** The folder of the site, and of what it is built from. */
export const SITE = join(import.meta.dirname, '..');

/** What is built. */
export const OUTPUT = join(SITE, 'dist');
