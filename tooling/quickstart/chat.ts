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
  if (!settings.history && settings.say.length === 0 && !process.stdin.isTTY) {
    await playScript(settings);
    return;
  }
  await using conversation = await Conversation.open(settings);
  if (settings.history) {
    await showHistory(conversation);
    return;
  }
  await conversation.greet();
  const who = assistant(process.env);
  console.log(color.dim(who.description));
  if (settings.say.length > 0) {
    for (const text of settings.say) {
      console.log(`${color.cyan('you    ')}${text}`);
      await conversation.say(who, text);
    }
    return;
  }
  await talk(conversation, who);
  await conversation.part();
}

try {
  await main(readSettings(process.argv.slice(2)));
} catch (error) {
  // what a user can do something about is said in the message; a stack would only hide it
  console.error(errorLine(error));
  process.exitCode = 1;
}
