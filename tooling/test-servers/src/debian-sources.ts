import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Where this machine's apt gets Debian from, as its own configuration says. */
export interface DebianArchive {
  readonly uri: string;
  /** Path of the key ring that signs it, if the configuration names one. */
  readonly signedBy: string | undefined;
}

const ROOT = '/etc/apt';
/** Suites of Debian proper: not of a derivative, and not of a third party's archive. */
const SUITE =
  /^(?:bullseye|bookworm|trixie|forky|duke|sid|oldoldstable|oldstable|stable|testing|unstable)(?:-updates)?$/;

/**
 * The main archive of Debian in the apt configuration of this machine; `undefined` if there is none (another
 * system, or a derivative of Debian).
 */
export async function debianArchive(): Promise<DebianArchive | undefined> {
  const parts = (await filesIn(join(ROOT, 'sources.list.d'))).sort(
    (a, b) => Number(b.startsWith('debian.')) - Number(a.startsWith('debian.')) || a.localeCompare(b),
  );
  const files = ['sources.list', ...parts.map((name) => join('sources.list.d', name))];
  for (const file of files) {
    const text = await readIfThere(join(ROOT, file));
    const found = file.endsWith('.sources')
      ? fromParagraphs(text)
      : file.endsWith('.list') && fromLines(text);
    if (found) return found;
  }
  return undefined;
}

/** The main archive of Debian in the text of one file of apt's sources, by the form that its name tells. */
export function archiveIn(text: string, fileName: string): DebianArchive | undefined {
  if (fileName.endsWith('.sources')) return fromParagraphs(text);
  return fileName.endsWith('.list') ? fromLines(text) : undefined;
}

function fromParagraphs(text: string): DebianArchive | undefined {
  for (const paragraph of text.replace(/^#.*\n?/gm, '').split(/\n\s*\n/)) {
    const field = (name: string) =>
      new RegExp(`^${name}:[ \t]*(.*(?:\n[ \t]+.*)*)`, 'im').exec(paragraph)?.[1]?.trim().split(/\s+/) ?? [];
    if (field('Enabled')[0]?.toLowerCase() === 'no' || !field('Types').includes('deb')) continue;
    const uri = field('URIs')[0];
    if (!uri || !isDebian(field('Suites'), field('Components'))) continue;
    return { uri, signedBy: field('Signed-By').find((path) => path.startsWith('/')) };
  }
  return undefined;
}

function fromLines(text: string): DebianArchive | undefined {
  for (const line of text.split('\n')) {
    const match = /^deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s+(.*)$/.exec(line);
    if (!match) continue;
    const [, options = '', uri = '', suite = '', components = ''] = match;
    if (!isDebian([suite], components.split(/\s+/))) continue;
    return { uri, signedBy: /signed-by=(\/[^\s,]+)/i.exec(options)?.[1] };
  }
  return undefined;
}

const isDebian = (suites: string[], components: string[]) =>
  suites.some((suite) => SUITE.test(suite)) && components.includes('main');

const absent = (error: unknown) => (error as NodeJS.ErrnoException).code === 'ENOENT';

async function filesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch((error: unknown) => {
    if (absent(error)) return [];
    throw error;
  });
}

async function readIfThere(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((error: unknown) => {
    if (absent(error)) return '';
    throw error;
  });
}
