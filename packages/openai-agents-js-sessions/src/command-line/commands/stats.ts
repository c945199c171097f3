import type { Command } from 'commander';
import { addDatabaseCommand, addUrlArgument, wholeNumber } from '../command.js';
import { type Database, type DatabaseOptions, onDatabase } from '../database.js';
import { counted } from '../terminal/counted.js';
import { ProgressLine } from '../terminal/progress-line.js';

interface StatsOptions extends DatabaseOptions {
  readonly days: number;
  readonly top: number;
}

/** `sessions stats`. */
export function addStats(program: Command): void {
  const command = addDatabaseCommand(program, {
    name: 'stats',
    summary: 'say how much is stored',
    description:
      'Says how many conversations, items and bytes are stored, how many tokens were recorded, which conversations are the longest, and how many ' +
      'items came on each day. Of all tenants, unless --tenant says which. It reads all conversations.',
    tenant: 'only the conversations of this tenant',
    examples: [
      'sessions stats sqlite:./sessions.db',
      'sessions stats --days 7 --top 3 --json sqlite:./sessions.db',
    ],
  });
  addUrlArgument(command)
    .option('--days <number>', 'how many days are shown', wholeNumber, 14)
    .option('--top <number>', 'how many of the longest conversations are named', wholeNumber, 5)
    .action((url: string | undefined, options: StatsOptions) =>
      onDatabase(url, options, (database) => stats(database, options)),
    );
}

async function stats({ store, output, signal }: Database, options: StatsOptions): Promise<void> {
  const { tenant, days, top, quiet = false } = options;
  const { exportSessions } = await import('@stackone/sessions-core');
  const { linesOfStatistics, Statistics } = await import('../conversation/statistics.js');
  const progress = new ProgressLine(quiet);
  const statistics = new Statistics(top);
  try {
    for await (const record of exportSessions(store, { tenant, signal })) {
      statistics.add(record);
      progress.show(counted(statistics.sessions, 'conversation'));
    }
  } finally {
    progress.end();
  }
  const scope = tenant === undefined ? store : store.scoped(tenant);
  const usage = store.supports.usage ? await scope.usage() : undefined;
  const found = statistics.found(days);
  await (output.isJson
    ? output.json({ ...found, usage })
    : output.lines(...linesOfStatistics(found, usage, output)));
}
