import type { Finding } from '@stackone/sessions-core/doctor';
import truncatedWidth from 'fast-string-truncated-width';
import type { Output } from '../terminal/output.js';
import { printableLine } from '../terminal/printable.js';

const COLOURS = { good: 'green', improvable: 'yellow', wrong: 'red' } as const;

const LEVEL_WIDTH = 'improvable'.length;
const CODE_WIDTH = 'ORPHAN_OPERATIONS'.length;
/** Where the text begins. */
const INDENT = LEVEL_WIDTH + CODE_WIDTH + 4;
/** A narrower terminal has the text under its code. */
const WIDE = 72;

/** A finding for people; without a terminal on one line, so that tools for lines find it whole. */
export function linesOfFinding({ level, code, message, advice }: Finding, output: Output): string[] {
  const { columns } = output;
  const isWide = columns === undefined || columns >= WIDE;
  const head = [
    output.styled(COLOURS[level], level.padEnd(LEVEL_WIDTH)),
    output.styled('bold', isWide ? code.padEnd(CODE_WIDTH) : code),
  ].join('  ');
  const texts = [message, ...(advice === undefined ? [] : [advice])].map(printableLine);
  if (columns === undefined) return [`${head}  ${texts.join(' ')}`];
  const indent = isWide ? INDENT : 2;
  const lines = texts
    .flatMap((text) => wrapped(text, columns - indent))
    .map((line) => ' '.repeat(indent) + line);
  return isWide ? [`${head}  ${lines[0]?.trimStart()}`, ...lines.slice(1)] : [head, ...lines];
}

/** Breaks a text at its spaces. A word that is longer stands on a line of its own, and the terminal breaks it. */
function wrapped(text: string, columns: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && truncatedWidth(`${last} ${word}`).width <= columns)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** What it comes to. */
export function summaryOf(findings: readonly Finding[]): { readonly wrong: number; readonly text: string } {
  const count = (level: Finding['level']) => findings.filter((finding) => finding.level === level).length;
  const wrong = count('wrong');
  const improvable = count('improvable');
  const isWrong = `${wrong === 0 ? 'Nothing' : wrong} ${wrong > 1 ? 'things are' : wrong === 1 ? 'thing is' : 'is'} wrong`;
  return { wrong, text: improvable === 0 ? `${isWrong}.` : `${isWrong}, and ${improvable} could be better.` };
}
