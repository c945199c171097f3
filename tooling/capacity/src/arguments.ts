import { parseArgs } from 'node:util';
import { ENGINE_NAMES, type EngineName } from './engines.ts';
import { type Shape, USUAL } from './shape.ts';

const USAGE = `npm run capacity -- --conversations 1e9 [options]
npm run capacity -- --check 1e6 [options]
  --conversations <n>      how many there are at the same time
  --check <n>              fills real tables with so many items, and compares them with the model
  --engine <list>          of ${ENGINE_NAMES}; default: all
  --turns <n>              of a conversation; default: ${USUAL.turns}
  --items-per-turn <n>     default: ${USUAL.itemsPerTurn}
  --item-bytes <n>         of the JSON of an item; default: ${USUAL.itemBytes}
  --session-id-bytes <n>   default: ${USUAL.sessionIdBytes}, a UUID
  --metadata-bytes <n>     title, tenant and metadata of a conversation, 0 for none; default: ${USUAL.metadataBytes}
  --operations <percent>   of turns, whose operation ids are still remembered; default: ${USUAL.operationsPercent}
  --usage <percent>        of turns, with a record of what models used; default: ${USUAL.usagePercent}
  --retention-days <n>     how long a conversation is kept; default: 90
  --turns-per-second <n>   default: what makes up the conversations in that time
  --shard-size <size>      what one server may hold, such as 500GB; default: 500GB
  --prune-rate <n>         items that store.prune removes a second; default: as measured`;

/** What is to be said or checked. */
export interface Choice {
  readonly engines: readonly EngineName[];
  readonly shape: Shape;
  /** Whether real tables are filled. */
  readonly isCheck: boolean;
  readonly retentionDays: number;
  readonly turnsPerSecond: number | undefined;
  readonly shardBytes: number;
  readonly pruneRate: number | undefined;
}

/** Reads the command line. Ends the process where it asks for help. */
export function chosen(args: string[]): Choice {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args,
    options: {
      conversations: text,
      check: text,
      engine: { type: 'string', default: ENGINE_NAMES.join(',') },
      turns: text,
      'items-per-turn': text,
      'item-bytes': text,
      'session-id-bytes': text,
      'metadata-bytes': text,
      operations: text,
      usage: text,
      'retention-days': text,
      'turns-per-second': text,
      'shard-size': { type: 'string', default: '500GB' },
      'prune-rate': text,
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    process.exit(0);
  }
  if ((values.conversations === undefined) === (values.check === undefined))
    throw new Error(`either --conversations or --check is needed\n\n${USAGE}`);
  const rest = {
    turns: whole(values.turns) ?? USUAL.turns,
    itemsPerTurn: whole(values['items-per-turn']) ?? USUAL.itemsPerTurn,
    itemBytes: whole(values['item-bytes']) ?? USUAL.itemBytes,
    sessionIdBytes: whole(values['session-id-bytes']) ?? USUAL.sessionIdBytes,
    metadataBytes: whole(values['metadata-bytes'], 0) ?? USUAL.metadataBytes,
    operationsPercent: whole(values.operations, 0, 100) ?? USUAL.operationsPercent,
    usagePercent: whole(values.usage, 0, 100) ?? USUAL.usagePercent,
  };
  if (values.check !== undefined && rest.sessionIdBytes !== USUAL.sessionIdBytes)
    throw new Error('--check makes UUIDs as ids: leave --session-id-bytes out');
  const conversations =
    whole(values.conversations) ??
    Math.max(1, Math.round((whole(values.check) ?? 0) / rest.turns / rest.itemsPerTurn));
  return {
    engines: values.engine.split(',').map(engineName),
    shape: { conversations, ...rest },
    isCheck: values.check !== undefined,
    retentionDays: whole(values['retention-days']) ?? 90,
    turnsPerSecond: whole(values['turns-per-second']),
    shardBytes: bytes(values['shard-size']),
    pruneRate: whole(values['prune-rate']),
  };
}

function engineName(name: string): EngineName {
  const known = ENGINE_NAMES.find((engine) => engine === name);
  if (!known) throw new Error(`there is no engine "${name}"\n\n${USAGE}`);
  return known;
}

/** Also of texts such as `1e9`. */
function whole(text: string | undefined, from = 1, to = Number.MAX_SAFE_INTEGER): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < from || number > to)
    throw new Error(
      `"${text}" is no whole number of ${from} or more${to === 100 ? ', up to 100' : ''}\n\n${USAGE}`,
    );
  return number;
}

const UNITS: Readonly<Record<string, number>> = { MB: 1e6, GB: 1e9, TB: 1e12 };

function bytes(text: string): number {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)\s*([MGT]B)$/.exec(text) ?? [];
  const factor = UNITS[unit];
  if (number === undefined || factor === undefined || Number(number) === 0)
    throw new Error(`"${text}" is no size such as 500GB or 2TB\n\n${USAGE}`);
  return Number(number) * factor;
}
