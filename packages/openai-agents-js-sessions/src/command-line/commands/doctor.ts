import type { Finding } from '@stackone/sessions-core/doctor';
import type { Command } from 'commander';
import { addDatabaseCommand, addUrlArgument, addYesOption } from '../command.js';
import { type DatabaseOptions, storeOptions } from '../database.js';
import { databaseUrl } from '../database-url.js';
import { CommandFailure, EXIT } from '../exit-codes.js';
import { interruptible } from '../interruption.js';
import { confirm } from '../terminal/confirm.js';
import { counted } from '../terminal/counted.js';
import { Output } from '../terminal/output.js';
import { ProgressLine } from '../terminal/progress-line.js';

interface DoctorOptions extends DatabaseOptions {
  readonly full?: boolean;
  readonly fix?: boolean;
  readonly yes?: boolean;
}

/** `sessions doctor`. */
export function addDoctor(program: Command): void {
  const command = addDatabaseCommand(program, {
    name: 'doctor',
    summary: 'say what is wrong with a database, or could be better',
    description:
      'Looks at the server or file, its settings, the tables and what is in them, and says of each whether it is good, could be better (improvable) ' +
      'or is wrong, and what to do. It changes nothing, unless --fix is given. Ends with 1 where something is wrong. With --quiet what is good ' +
      'is left out. Each code is explained in docs/doctor.md.',
    tenant: 'of no use here: tenants share the tables',
    examples: [
      'sessions doctor sqlite:./sessions.db',
      'sessions doctor --full --quiet --json sqlite:./sessions.db',
      'sessions doctor --fix --yes sqlite:./sessions.db',
    ],
  });
  addYesOption(addUrlArgument(command))
    .option('--full', 'look at all rows, not only at the newest: this reads all conversations')
    .option('--fix', 'put right what can be without losing anything: missing tables and indexes, for example')
    .action((url: string | undefined, options: DoctorOptions) => doctor(url, options));
}

async function doctor(argument: string | undefined, options: DoctorOptions): Promise<void> {
  const url = databaseUrl({ ...options, argument });
  const output = new Output(options);
  await output.getReady();
  await interruptible(async (signal) => {
    const { openDoctor } = await import('../doctor/open-doctor.js');
    const { linesOfFinding, summaryOf } = await import('../doctor/finding-lines.js');
    const patient = await openDoctor(url, storeOptions(options));
    const examine = async () => {
      const progress = new ProgressLine(options.quiet);
      const onProgress = (conversations: number) => progress.show(counted(conversations, 'conversation'));
      const findings: Finding[] = [];
      try {
        for await (const finding of patient.examine({ full: options.full, signal, onProgress })) {
          signal.throwIfAborted();
          findings.push(finding);
        }
      } finally {
        progress.end();
      }
      return findings;
    };
    let findings: readonly Finding[];
    try {
      findings = await examine();
      if (options.fix && (await repair(findings))) findings = await examine();
    } finally {
      await patient.close();
    }

    async function repair(found: readonly Finding[]): Promise<boolean> {
      const fixable = found.filter(({ fix }) => fix);
      if (fixable.length === 0) return false;
      const codes = [...new Set(fixable.map(({ code }) => code))].join(', ');
      for (const { code, advice } of fixable) output.note(`${code}: ${advice}`);
      await confirm(`Put right: ${codes}?`, { ...options, signal });
      for (const fix of new Set(fixable.map(({ fix }) => fix))) {
        signal.throwIfAborted();
        if (fix) await patient.repair(fix);
      }
      output.note(`put right: ${codes}`);
      return true;
    }

    const shown = options.quiet ? findings.filter(({ level }) => level !== 'good') : findings;
    for (const finding of shown) {
      const { fix, ...told } = finding;
      await (output.isJson
        ? output.json({ ...told, fixable: fix !== undefined })
        : output.lines(...linesOfFinding(finding, output)));
    }
    const { wrong, text } = summaryOf(findings);
    if (wrong > 0) throw new CommandFailure(text, EXIT.failed);
    if (!output.isJson && !options.quiet) await output.lines(text);
  });
}
