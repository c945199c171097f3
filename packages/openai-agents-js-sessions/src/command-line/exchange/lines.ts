import type { SessionRecord } from '@stackone/sessions-core';
import { decodeItem, encodeItems, type RunRecord, USAGE_COUNTS } from '@stackone/sessions-core/backend';
import { CommandFailure, EXIT } from '../exit-codes.js';
import { printableJson, safeJson } from '../terminal/printable.js';

// The format of exports: docs/command-line.md has it for people. Each line is JSON.

const FORMAT = '@stackone/sessions';

/** Raised when programs that read the version before would misunderstand it. */
const VERSION = 1;

/** Makes the lines of an export. */
export class LineWriter {
  #sessions = 0;
  #items = 0;
  #runs = 0;

  /** The first line. */
  begin(): string {
    return `${printableJson({ type: 'header', format: FORMAT, version: VERSION })}\n`;
  }

  /** The lines of a conversation. */
  *session({ items, unread: _, ...about }: SessionRecord): Generator<string> {
    this.#sessions++;
    this.#items += items.length;
    yield `${printableJson({ type: 'session', ...about, items: items.length })}\n`;
    for (const { item, createdAt } of items) {
      const [text] = encodeItems([item]);
      yield safeJson(`{"type":"item","createdAt":"${createdAt.toISOString()}","item":${text}}\n`);
    }
  }

  /** The line of a run, behind those of all conversations. */
  run(run: RunRecord): string {
    this.#runs++;
    return `${printableJson({ type: 'run', ...run })}\n`;
  }

  /** The last line, by which a reader knows that nothing is missing. */
  end(): string {
    const runs = this.#runs > 0 ? { runs: this.#runs } : {};
    return `${printableJson({ type: 'end', sessions: this.#sessions, items: this.#items, ...runs })}\n`;
  }
}

type OpenRecord = Omit<SessionRecord, 'items'> & { readonly items: SessionRecord['items'][number][] };

/**
 * The conversations of an export, one after the other, and then its runs.
 *
 * @throws CommandFailure that says which line is wrong, and nothing of it. The conversations before it are whole.
 */
export async function* readRecords(lines: AsyncIterable<string>): AsyncGenerator<SessionRecord | RunRecord> {
  let number = 0;
  let record: OpenRecord | undefined;
  let open = 0;
  const seen = { sessions: 0, items: 0, runs: 0 };
  let isOver = false;
  for await (const line of lines) {
    number++;
    if (line.trim() === '') continue;
    const value = isOver ? undefined : objectIn(line);
    if (!value) throw wrong(number, isOver ? 'something stands behind the end' : 'it is not a JSON object');
    if (number === 1) checkHeader(value);
    else if (value.type === 'session' && open === 0 && seen.runs === 0) {
      record = recordIn(value) ?? fail(number, 'it is no conversation');
      open = Number(value.items);
      seen.sessions++;
      if (open === 0) yield record;
    } else if (value.type === 'item' && record && open > 0) {
      record.items.push(itemIn(line, value) ?? fail(number, 'it is no item'));
      seen.items++;
      if (--open === 0) yield record;
    } else if (value.type === 'run' && open === 0) {
      seen.runs++;
      yield runIn(value) ?? fail(number, 'it is no run');
    } else if (value.type === 'end' && open === 0) {
      isOver = true;
      const { sessions, items, runs = 0 } = value;
      if (sessions !== seen.sessions || items !== seen.items || runs !== seen.runs)
        throw wrong(number, 'the numbers of conversations, items and runs are not those before it');
    } else throw wrong(number, 'it does not belong there');
  }
  if (number === 0) throw new CommandFailure('There is nothing in it: this is no export.', EXIT.failed);
  if (!isOver)
    throw new CommandFailure('It is cut off: the last line is missing. What is whole was read.', EXIT.failed);
}

function checkHeader({ type, format, version }: Readonly<Record<string, unknown>>): void {
  if (type !== 'header' || format !== FORMAT)
    throw new CommandFailure(
      'This is no export of "sessions export": its first line says something else.',
      EXIT.failed,
    );
  if (version !== VERSION) {
    throw new CommandFailure(
      `This export has version ${String(version).slice(0, 20)} of the format, and this program reads version ${VERSION}. Update it.`,
      EXIT.failed,
    );
  }
}

function objectIn(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function recordIn(value: Readonly<Record<string, unknown>>): OpenRecord | undefined {
  const { id, tenant, title, metadata, version, items } = value;
  const kept = keptIn(value);
  const [createdAt, updatedAt] = [timeIn(value.createdAt), timeIn(value.updatedAt)];
  const isRight =
    typeof id === 'string' &&
    (tenant === undefined || typeof tenant === 'string') &&
    (title === undefined || typeof title === 'string') &&
    typeof metadata === 'object' &&
    metadata !== null &&
    Number.isSafeInteger(version) &&
    Number.isSafeInteger(items) &&
    Number(items) >= 0;
  if (!isRight || !kept || !createdAt || !updatedAt) return undefined;
  return {
    id,
    ...(tenant !== undefined && { tenant }),
    createdAt,
    updatedAt,
    ...(title !== undefined && { title }),
    metadata: metadata as SessionRecord['metadata'],
    version: version as number,
    items: [],
    ...kept,
  };
}

function runIn(value: Readonly<Record<string, unknown>>): RunRecord | undefined {
  const { id, sessionId, tenant, state, exclusive, attempts, content, steps } = value;
  const [createdAt, changedAt] = [timeIn(value.createdAt), timeIn(value.changedAt)];
  const isRight =
    [id, sessionId].every(isText) &&
    (tenant === undefined || isText(tenant)) &&
    (state === 'running' || state === 'waiting') &&
    typeof exclusive === 'boolean' &&
    Number.isSafeInteger(attempts) &&
    isJson(content) &&
    Array.isArray(steps) &&
    steps.every(
      (step: Partial<RunRecord['steps'][number]> | null) => isText(step?.key) && isJson(step?.content),
    );
  if (!isRight || !createdAt || !changedAt) return undefined;
  return {
    id: id as string,
    sessionId: sessionId as string,
    ...(tenant !== undefined && { tenant: tenant as string }),
    state,
    exclusive,
    attempts: attempts as number,
    createdAt,
    changedAt,
    content: content as string,
    steps: steps as RunRecord['steps'],
  };
}

function isJson(text: unknown): boolean {
  return typeof text === 'string' && objectIn(text) !== undefined;
}

/** What models used, and the operation ids that are remembered. */
function keptIn({
  operations,
  operationKeys,
  usage,
}: Readonly<Record<string, unknown>>):
  | Pick<OpenRecord, 'operations' | 'operationKeys' | 'usage'>
  | undefined {
  const recorded = listIn(operations, 'createdAt', ['id', 'digest'], []);
  const used = listIn(usage, 'recordedAt', ['key', 'model'], USAGE_COUNTS);
  const areKeys =
    operationKeys === undefined || (Array.isArray(operationKeys) && operationKeys.every(isText));
  if (!recorded || !used || !areKeys) return undefined;
  return {
    ...(recorded.length > 0 && { operations: recorded as unknown as SessionRecord['operations'] & object }),
    ...(recorded.length > 0 && areKeys && operationKeys && { operationKeys: operationKeys as string[] }),
    ...(used.length > 0 && { usage: used as unknown as SessionRecord['usage'] & object }),
  };
}

const isText = (value: unknown) => typeof value === 'string';

/** Objects with a time, texts and whole numbers. */
function listIn(
  list: unknown,
  time: string,
  texts: readonly string[],
  numbers: readonly string[],
): Readonly<Record<string, unknown>>[] | undefined {
  if (list === undefined) return [];
  if (!Array.isArray(list)) return undefined;
  const read = list.map((one: unknown) => {
    const object = (typeof one === 'object' && one !== null ? one : {}) as Readonly<Record<string, unknown>>;
    const at = timeIn(object[time]);
    const isRight =
      texts.every((name) => isText(object[name])) &&
      numbers.every((name) => Number.isSafeInteger(object[name]));
    return at && isRight ? { ...object, [time]: at } : undefined;
  });
  return read.includes(undefined) ? undefined : (read as Readonly<Record<string, unknown>>[]);
}

/** The item is read as a store reads it, so that every value of it comes back. */
function itemIn(
  line: string,
  value: Readonly<Record<string, unknown>>,
): SessionRecord['items'][number] | undefined {
  const createdAt = timeIn(value.createdAt);
  const [, text] = /^\{"type":"item","createdAt":"[^"]*","item":(.*)\}\s*$/s.exec(line) ?? [];
  if (!createdAt || typeof value.item !== 'object' || value.item === null) return undefined;
  return { item: decodeItem(text ?? JSON.stringify(value.item)), createdAt };
}

function timeIn(value: unknown): Date | undefined {
  const time = typeof value === 'string' ? new Date(value) : undefined;
  return time && !Number.isNaN(time.getTime()) ? time : undefined;
}

function wrong(number: number, why: string): CommandFailure {
  return new CommandFailure(
    `Line ${number} cannot be read: ${why}. The conversations before it are whole.`,
    EXIT.failed,
  );
}

function fail(number: number, why: string): never {
  throw wrong(number, why);
}

/** The lines of a stream of text. */
export async function* linesOf(stream: AsyncIterable<string>): AsyncGenerator<string> {
  let rest: string[] = [];
  for await (const chunk of stream) {
    const parts = chunk.split('\n');
    for (const [index, part] of parts.entries()) {
      rest.push(part);
      if (index === parts.length - 1) break;
      yield rest.join('');
      rest = [];
    }
  }
  const last = rest.join('');
  if (last !== '') yield last;
}
