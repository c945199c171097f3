import {
  type ChatMessage,
  type HistoryItem,
  type MessageFile,
  type MessageToolCall,
  textOf,
  toMessages,
} from '@stackone/sessions-core';
import type { Output } from '../terminal/output.js';
import { printable, printableLine, printableTime } from '../terminal/printable.js';

/** How a conversation is shown. */
export interface ShownHow {
  readonly output: Pick<Output, 'styled'>;
  /** All of what tools were given and answered. */
  readonly full: boolean;
}

/** So much is shown of what a tool was given or answered. */
const LINES_OF_TOOL = 8;
const CHARACTERS_OF_TOOL = 1000;

const COLOURS = { user: 'green', assistant: 'cyan', system: 'magenta' } as const;

/** A turn, for people to read: an empty line before each message, the name of who speaks, and indented what was said. */
export function turnLines(entries: readonly HistoryItem[], how: ShownHow): string[] {
  const messages = new Map(toMessages(entries).map((message) => [message.id, message]));
  return entries.flatMap((entry) => {
    const message = messages.get(entry.id);
    return message ? messageLines(message, how) : thoughtLines(entry, how);
  });
}

function messageLines(message: ChatMessage, how: ShownHow): string[] {
  const { role, text, files, toolCalls, createdAt, status } = message;
  if (toolCalls.length > 0) return toolCalls.flatMap((call) => callLines(call, createdAt, how));
  const said = [...(text === '' ? [] : indented(text)), ...files.map((file) => `  ${fileNote(file)}`)];
  return ['', head(role, COLOURS[role], createdAt, status, how), ...said];
}

function callLines(call: MessageToolCall, createdAt: Date | undefined, how: ShownHow): string[] {
  const { name, arguments: given, output, files, status } = call;
  const lines = ['', head(`tool ${printableLine(name)}`, 'yellow', createdAt, status, how)];
  if (given !== undefined) lines.push(...shortened(given, how).map((line) => how.output.styled('dim', line)));
  if (output !== undefined && output !== '') lines.push('  ->', ...shortened(output, how));
  return [...lines, ...files.map((file) => `  ${fileNote(file)}`)];
}

/** What a model thought, that older items were compacted, or that there is no key for it. Of an item that is a part of another message there is nothing. */
function thoughtLines({ item, createdAt }: HistoryItem, how: ShownHow): string[] {
  const { type, __enc__: sealed } = item as { type?: unknown; __enc__?: unknown };
  if (sealed !== undefined)
    return [
      '',
      head('encrypted', 'dim', createdAt, 'completed', how),
      '  [no key: set SESSIONS_ENCRYPTION_KEY]',
    ];
  if (type === 'compaction') return ['', head('compacted', 'dim', createdAt, 'completed', how)];
  const text = type === 'reasoning' ? textOf(item) : '';
  if (text === '') return [];
  const thought = indented(text).map((line) => how.output.styled('dim', line));
  return ['', head('thinking', 'dim', createdAt, 'completed', how), ...thought];
}

type Colour = (typeof COLOURS)[keyof typeof COLOURS] | 'yellow' | 'dim';

function head(
  who: string,
  colour: Colour,
  createdAt: Date | undefined,
  status: ChatMessage['status'],
  { output }: ShownHow,
): string {
  const time = createdAt === undefined ? '' : `, ${printableTime(createdAt)}`;
  const state = status === 'completed' ? '' : ` (${status})`;
  return output.styled(['bold', colour], who) + output.styled('dim', time + state);
}

const indented = (text: string) =>
  printable(text)
    .split('\n')
    .map((line) => `  ${line}`.trimEnd());

function shortened(text: string, { full }: ShownHow): string[] {
  if (full) return indented(text);
  const lines = text.slice(0, CHARACTERS_OF_TOOL).split('\n').slice(0, LINES_OF_TOOL);
  const shown = lines.join('\n');
  const rest = text.length - shown.length;
  return [...indented(shown), ...(rest > 0 ? [`  … ${rest} more characters: --full`] : [])];
}

/** A note instead of the file. */
function fileNote({ kind, name, url, id, data }: MessageFile): string {
  const isShort = url !== undefined && url.length <= 200 && !url.startsWith('data:');
  const encoded = data ?? (url?.startsWith('data:') ? url : undefined);
  const size = encoded === undefined ? undefined : `about ${Math.ceil((encoded.length * 3) / 4 / 1000)} kB`;
  const known = [name, isShort ? url : undefined, id, size].filter((one) => one !== undefined);
  return printableLine(`[${[kind, ...known].join(', ')}]`);
}
