import type { Command } from 'commander';
import { addCommand } from '../command.js';

/**
 * `sessions complete`: what shells ask when somebody presses the tab key. What answers is loaded then.
 *
 * @param commandLine - Makes the program without this command, to be asked about.
 */
export function addComplete(program: Command, commandLine: () => Command): void {
  addCommand(program, {
    name: 'complete',
    summary: 'print what completes commands in a shell',
    description:
      'Prints a script for bash, zsh, fish or powershell, which completes commands, options and their values when the tab key is pressed. Put ' +
      'it where your shell looks for such scripts, or in its startup file: source <(sessions complete bash)',
    examples: ['sessions complete bash', 'sessions complete zsh > _sessions'],
  })
    .argument('[shell]', 'bash, zsh, fish or powershell')
    .allowExcessArguments()
    .allowUnknownOption()
    .action(async () => {
      const { default: tab } = await import('@bomb.sh/tab/commander');
      const asked = commandLine();
      // a list of commands has room for a line of each
      for (const command of asked.commands) command.description(command.summary());
      tab(asked);
      await asked.parseAsync();
    });
}
