import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import color from 'picocolors';
import { Conversation } from './conversation.ts';
import { type Settings, URL_VARIABLE } from './settings.ts';

/**
 * Plays a conversation over two processes, and checks that the second remembers what the first was told. The
 * number is new each time, so nothing that was stored earlier can stand in for it.
 *
 * @throws Error if it does not remember.
 */
export async function playScript(settings: Settings): Promise<void> {
  const conversation = await Conversation.open(settings);
  try {
    await playInto(conversation, settings);
  } finally {
    await conversation.close();
  }
}

async function playInto(conversation: Conversation, settings: Settings): Promise<void> {
  if (!conversation.outlivesProcess) {
    throw new Error(
      'This store ends with its process, and a second one cannot remember. Take --url sqlite:./chat.db',
    );
  }
  console.log('The input is not a terminal: two processes play a conversation.\n');
  const number = String(randomInt(1000, 10_000));
  await inProcess('first', settings, ['My name is Ada.', `My locker number is ${number}.`]);
  const told = await inProcess('second', settings, ['What is my name?', 'What is my locker number?']);
  if (!told.includes('Ada') || !told.includes(number)) {
    throw new Error(`The second process does not remember the name Ada and the number ${number}.`);
  }
  console.log(color.green(`The second process remembers what the first was told: Ada, and ${number}.`));
  await conversation.part();
}

/**
 * Sends messages from a process of their own and prints what it prints.
 *
 * @returns What it printed from the first message on.
 */
async function inProcess(which: string, settings: Settings, messages: readonly string[]): Promise<string> {
  const { url, session } = settings;
  const say = messages.flatMap((message) => ['--say', message]);
  const program = join(import.meta.dirname, 'chat.ts');
  const child = spawn(process.execPath, [program, '--session', session, ...say], {
    env: { ...process.env, [URL_VARIABLE]: url }, // everybody may read the arguments of a process
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  console.log(color.bold(`The ${which} process (${child.pid}):`));
  const exit = once(child, 'exit');
  const printed: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    console.log(`  ${line}`);
    printed.push(line);
  }
  const [code] = await exit;
  if (code !== 0) throw new Error(`The ${which} process failed.`);
  console.log();
  const first = printed.findIndex((line) => line.includes(messages[0] ?? ''));
  return printed.slice(first).join('\n');
}
