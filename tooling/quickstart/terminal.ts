import { createInterface } from 'node:readline/promises';
import color from 'picocolors';
import type { Assistant } from './agent.ts';
import type { Conversation } from './conversation.ts';

/** Asks for messages and answers them, until the user ends it with Ctrl+C, Ctrl+D or "exit". */
export async function talk(conversation: Conversation, who: Assistant): Promise<void> {
  console.log(color.dim('Say something, like “My name is Ada.” Ctrl+C or “exit” ends.\n'));
  const input = createInterface({
    input: process.stdin,
    output: process.stdout,
    prompt: color.cyan('you    '),
  });
  const ended = new AbortController();
  input.once('close', () => ended.abort()); // an answer that is on its way is not waited for
  input.prompt();
  for await (const line of input) {
    const text = line.trim();
    if (/^\/?(exit|quit)$/i.test(text)) break;
    if (text !== '') await sayOrExplain(conversation, who, text, ended.signal);
    if (ended.signal.aborted) break;
    input.prompt();
  }
  input.close();
}

/** A failed answer (no network, a wrong key) does not end the chat. */
async function sayOrExplain(
  conversation: Conversation,
  who: Assistant,
  text: string,
  signal: AbortSignal,
): Promise<void> {
  try {
    await conversation.say(who, text, signal);
  } catch (error) {
    if (signal.aborted) return; // the user left, and knows why there is no answer
    console.error(`\n${errorLine(error)}`);
  }
}

/** What went wrong, in one line. */
export function errorLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return `${color.red('error')}  ${message.replaceAll(/\s*\n\s*/g, ' ')}`;
}
