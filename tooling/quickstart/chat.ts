import color from 'picocolors';
import { assistant } from './agent.ts';
import { Conversation } from './conversation.ts';
import { showHistory } from './history.ts';
import { playScript } from './scripted.ts';
import { HELP, readSettings, type Settings } from './settings.ts';
import { errorLine, talk } from './terminal.ts';

async function main(settings: Settings): Promise<void> {
  if (settings.help) {
    console.log(HELP);
    return;
  }
  if (!settings.history && !settings.studio && settings.say.length === 0 && !process.stdin.isTTY) {
    await playScript(settings);
    return;
  }
  // not `await using`: Node 22 does not know it, and runs this file as it stands
  const conversation = await Conversation.open(settings);
  try {
    if (settings.history) await showHistory(conversation);
    else if (settings.studio) await conversation.show();
    else await goOn(conversation, settings.say);
  } finally {
    await conversation.close();
  }
}

async function goOn(conversation: Conversation, messages: readonly string[]): Promise<void> {
  await conversation.greet();
  const who = assistant(process.env);
  console.log(color.dim(who.description));
  if (messages.length === 0) {
    await talk(conversation, who);
    await conversation.part();
  }
  for (const text of messages) {
    console.log(`${color.cyan('you    ')}${text}`);
    await conversation.say(who, text);
  }
}

try {
  await main(readSettings(process.argv.slice(2)));
} catch (error) {
  // what a user can do something about is said in the message; a stack would only hide it
  console.error(errorLine(error));
  process.exitCode = 1;
}
