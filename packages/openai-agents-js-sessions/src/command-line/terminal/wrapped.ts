import { wrapAnsi } from 'fast-wrap-ansi';

/** What turns colours on, if it stands there, and then the spaces that a line begins with. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with one
const BEGINNING = /^((?:\u001b\[[\d;]*m)*)( *)/;

/**
 * A line in as many as a terminal needs to have it whole: broken at its spaces, a word that is longer anywhere. All of them begin with
 * the spaces of the line.
 */
export function wrapped(line: string, columns: number): string[] {
  const [all = '', colours = '', spaces = ''] = BEGINNING.exec(line) ?? [];
  const indent = spaces.slice(0, Math.floor(columns / 2));
  // a terminal shows a tab as up to eight spaces
  const text = colours + line.slice(all.length).replaceAll('\t', '    ');
  return wrapAnsi(text, columns - indent.length, { hard: true })
    .split('\n')
    .map((part) => (part === '' ? '' : indent + part));
}
