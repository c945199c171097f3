import type { Command } from 'commander';
import { addCommand, secondsToMs } from '../command.js';
import { endWith } from '../ending.js';

/** `sessions conformance`. */
export function addConformance(program: Command): void {
  addCommand(program, {
    name: 'conformance',
    summary: 'check an implementation of a session, a store or a backend',
    description:
      'Runs the conformance suite. Ends with 0 if every case passed, 1 if one failed, 2 if nothing could be checked.',
    examples: ['sessions conformance ./my-store.mjs --time-limit 60 --json'],
  })
    .argument(
      '<target>',
      'a module (JavaScript or TypeScript) that exports open(), or the URL of a database of ours',
    )
    .option('--json', 'print the report as JSON')
    .option('--time-limit <seconds>', 'how long one case may take', secondsToMs, 30_000)
    .action(async (target: string, options: { json?: boolean; timeLimit: number }) => {
      const { conformance } = await import('../conformance.js');
      const { text, failed } = await conformance(target, options);
      await endWith(text, failed > 0 ? 1 : 0, options.json);
    });
}
