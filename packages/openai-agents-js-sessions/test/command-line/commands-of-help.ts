import { sessions } from '../run-sessions.js';

/** Every command of the program, those of `runs` by two words, as the help lists them. */
export async function commandsOfHelp(): Promise<string[]> {
  const ofRuns = listed((await sessions(['runs', '--help'])).stdout).map((name) => `runs ${name}`);
  return [...listed((await sessions(['--help'])).stdout), ...ofRuns];
}

function listed(help: string): string[] {
  const [, commands = ''] = /\nCommands:\n(.*?)\n\n/s.exec(help) ?? [];
  return [...commands.matchAll(/^ {2}([a-z]+) /gm)]
    .map(([, name = '']) => name)
    .filter((name) => name !== 'help');
}
