import type { PendingCall, RunInfo, Runs } from '@stackone/sessions-core';
import { type Command, InvalidArgumentError } from 'commander';
import { addCommand, addDatabaseCommand, addUrlArgument, addYesOption, wholeNumber } from '../command.js';
import { type Database, type DatabaseOptions, onDatabase } from '../database.js';
import { CommandFailure, EXIT } from '../exit-codes.js';
import { confirm } from '../terminal/confirm.js';
import type { Output } from '../terminal/output.js';
import { printableLine, printableTime } from '../terminal/printable.js';

interface ListOptions extends DatabaseOptions {
  readonly session?: string;
  readonly limit: number;
  readonly all?: boolean;
}

interface DecideOptions extends DatabaseOptions {
  readonly call?: readonly string[];
  readonly reason?: string;
  readonly by?: string;
}

/** The most that is read at once. */
const PAGE = 500;

/** `sessions runs`: what waits for a decision, and the decisions. */
export function addRuns(program: Command): void {
  const runs = addCommand(program, {
    name: 'runs',
    summary: 'list runs that wait for approvals; approve, reject and cancel them',
    description:
      'Lists the runs that wait for a decision about a call of a tool, and decides. Who began a run goes on with it, or a worker: ' +
      'this program does not, as it has no agents.',
    examples: [
      'sessions runs sqlite:./sessions.db',
      'sessions runs approve run_1 --by ada --url sqlite:./sessions.db',
      'sessions runs reject run_1 --reason "too much" --json --url sqlite:./sessions.db',
      'sessions runs cancel run_1 --yes --url sqlite:./sessions.db',
    ],
  });
  addPending(runs);
  addShowRun(runs);
  addDecision(runs, 'approve');
  addDecision(runs, 'reject');
  addCancel(runs);
}

function addPending(runs: Command): void {
  const command = addDatabaseCommand(
    runs,
    {
      name: 'pending',
      summary: 'list what waits for a decision (what "sessions runs" does by itself)',
      description: 'Lists the runs that wait for a decision, and the calls of tools that are to be decided.',
      examples: [
        'sessions runs pending sqlite:./sessions.db',
        'sessions runs pending --session chat_123 --all --json sqlite:./sessions.db',
      ],
    },
    { isDefault: true },
  );
  addUrlArgument(command)
    .option('--session <id>', 'only those of this conversation')
    .option('--limit <number>', 'how many at most', wholeNumber, 20)
    .option('--all', 'all of them')
    .action((url: string | undefined, options: ListOptions) =>
      onDatabase(url, options, (database) => listPending(database, options)),
    );
}

async function listPending(database: Database, { session, limit, all }: ListOptions): Promise<void> {
  const runs = runsOf(database);
  const { printPages } = await import('../terminal/pages.js');
  const listing = {
    head: ['RUN', 'CONVERSATION', 'SINCE', 'CALL', 'TOOL', 'ARGUMENTS'],
    rows,
    none: 'No run waits for a decision.',
    limit,
    all,
    pageSize: PAGE,
  };
  await printPages(database, listing, (page) => runs.pending({ sessionId: session, ...page }));
}

function rows(run: RunInfo): string[][] {
  return run.pending.map(({ callId, tool, arguments: given }) =>
    [run.id, conversationOf(run), printableTime(run.changedAt), callId, tool, given].map(printableLine),
  );
}

/** The runs of a tenant are decided with `--tenant`. */
function conversationOf({ sessionId, tenant }: RunInfo): string {
  return tenant === undefined ? sessionId : `${sessionId} (--tenant ${tenant})`;
}

function addShowRun(runs: Command): void {
  const command = addDatabaseCommand(runs, {
    name: 'show',
    summary: 'show what is known of a run',
    description: 'Shows the state of a run, and the calls that wait for a decision, with their arguments.',
    examples: ['sessions runs show run_1 sqlite:./sessions.db'],
  }).argument('<run>', 'the id of the run');
  addUrlArgument(command).action((id: string, url: string | undefined, options: DatabaseOptions) =>
    onDatabase(url, options, async (database) => {
      await print(database.output, await runsOf(database).retrieve(id));
    }),
  );
}

function addDecision(runs: Command, name: 'approve' | 'reject'): void {
  const command = addDatabaseCommand(runs, {
    name,
    summary: `${name} the calls of a run that wait`,
    description:
      `Decides to ${name} the calls of a run that wait for a decision, or those of --call alone. The same decision again changes ` +
      'nothing; another one than before is refused.',
    examples: [
      `sessions runs ${name} run_1 sqlite:./sessions.db`,
      `sessions runs ${name} run_1 --call call_1 --by ada --reason "as agreed" sqlite:./sessions.db`,
    ],
  }).argument('<run>', 'the id of the run');
  addUrlArgument(command)
    .option('--call <id>', 'only this call; may be repeated', collected)
    .option('--reason <text>', 'why; the model is told where a call is rejected', filled)
    .option('--by <name>', 'who decides', filled)
    .action((id: string, url: string | undefined, options: DecideOptions) =>
      onDatabase(url, options, (database) => decide(database, id, name === 'approve', options)),
    );
}

async function decide(
  database: Database,
  id: string,
  approve: boolean,
  { call, reason, by }: DecideOptions,
): Promise<void> {
  const runs = runsOf(database);
  const callIds = call ?? (await waitingCalls(runs, id)).map(({ callId }) => callId);
  const run = await runs.decide(
    id,
    callIds.map((callId) => ({ callId, approve, reason, by })),
  );
  const { output } = database;
  const done = approve ? 'approved' : 'rejected';
  if (output.isJson) await output.json(run);
  else await output.lines(`${done} ${callIds.map(printableLine).join(', ')} of ${printableLine(id)}`);
  if (run.state === 'running') output.hint('Now a worker, or store.runs.resume(), goes on with it.');
}

/** @throws CommandFailure where none waits. */
async function waitingCalls(runs: Runs, id: string): Promise<readonly PendingCall[]> {
  const { state, pending } = await runs.retrieve(id);
  if (pending.length === 0)
    throw new CommandFailure(`No call of this run waits for a decision: the run is ${state}.`, EXIT.refused);
  return pending;
}

function addCancel(runs: Command): void {
  const command = addDatabaseCommand(runs, {
    name: 'cancel',
    summary: 'cancel a run',
    description:
      'Cancels a run that has not ended, wherever it is worked on. Nothing of it comes into the conversation.',
    examples: ['sessions runs cancel run_1 --yes sqlite:./sessions.db'],
  }).argument('<run>', 'the id of the run');
  addYesOption(addUrlArgument(command)).action(
    (id: string, url: string | undefined, options: DatabaseOptions & { readonly yes?: boolean }) =>
      onDatabase(url, options, async (database) => {
        const runs = runsOf(database);
        const { state } = await runs.retrieve(id);
        if (state === 'running' || state === 'waiting')
          await confirm(`Cancel the run ${printableLine(id)}, with all that it has done so far?`, {
            ...options,
            signal: database.signal,
          });
        const run = await runs.cancel(id);
        await print(database.output, run);
        if (run.state !== 'cancelled')
          throw new CommandFailure(`The run had ended before: it is ${run.state}.`, EXIT.refused);
      }),
  );
}

/** @throws CommandFailure for a database without the table of runs. */
function runsOf({ store, runs }: Database): Runs {
  if (!store.supports.runs)
    throw new CommandFailure(
      'This database keeps no runs: "sessions schema" shows what is missing.',
      EXIT.notFound,
    );
  return runs;
}

async function print(output: Output, run: RunInfo): Promise<void> {
  if (output.isJson) return output.json(run);
  const { id, agent, state, attempts, changedAt, pending, error } = run;
  await output.lines(
    `${printableLine(id)}: ${state}, since ${printableTime(changedAt)}`,
    `  conversation ${printableLine(conversationOf(run))}, agent ${printableLine(agent)}, attempts ${attempts}`,
    ...pending.map(
      (call) => `  ${[call.callId, decided(call), call.tool, call.arguments].map(printableLine).join(' ')}`,
    ),
    ...(error ? [`  ${printableLine(`${error.name}: ${error.message}`)}`] : []),
  );
}

function decided({ decision }: PendingCall): string {
  if (!decision) return 'waits';
  const by = decision.by === undefined ? '' : ` by ${decision.by}`;
  return `${decision.approve ? 'approved' : 'rejected'}${by}`;
}

const collected = (id: string, before: readonly string[] = []) => [...before, filled(id)];

function filled(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('It must not be empty.');
  return text;
}
