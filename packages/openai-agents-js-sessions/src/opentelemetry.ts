import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import {
  type Attributes,
  type Meter,
  type MeterProvider,
  metrics,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  type TracerProvider,
  trace,
} from '@opentelemetry/api';
import { OPERATION_CHANNEL, type OperationMessage } from '@stackone/sessions-core';
import { checkOptions, isBoolean } from '@stackone/sessions-core/backend';

/** What {@link instrumentSessions} takes. */
export interface InstrumentOptions {
  /** Where spans go. Default: the global provider, also where it is set later. */
  tracerProvider?: TracerProvider | undefined;
  /** Where metrics go. Default: the global provider, as it is at the call: set it before. */
  meterProvider?: MeterProvider | undefined;
  /** Whether spans have the id of the conversation, as `gen_ai.conversation.id`. Default `true`. Metrics never have it. */
  conversationIds?: boolean | undefined;
}

/** The scope of what is made here. */
const SCOPE = '@stackone/openai-agents-js-sessions';

/** In seconds: those of the semantic conventions. */
const SECONDS = {
  unit: 's',
  advice: { explicitBucketBoundaries: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10] },
};
const COUNTS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000];
const BYTES = [100, 1000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];

/** The names of the semantic conventions, where they are not those of our engines. */
const SYSTEMS: Readonly<Record<string, string>> = { postgres: 'postgresql' };

/** The calls whose table is that of items. */
const ABOUT_ITEMS: ReadonlySet<OperationMessage['operation']> = new Set([
  'getItems',
  'addItems',
  'popItem',
  'clearSession',
  'applyHistoryTransaction',
  'applyHistoryMutations',
  'replaceHistoryWithCompaction',
  'history',
  'turns',
  'items',
  'rewind',
  'replaceTurn',
  'replaceItem',
  'removeItem',
  'replaceBeginning',
]);

/**
 * Makes a span and metrics of every call of every session and store of this process, by the semantic conventions for database
 * clients. A span is a child of the one that is active where the call was made. No item, parameter, address or password is in any.
 * Call it once: what is called twice counts twice.
 *
 * @returns Ends it.
 * @throws TypeError for an unknown option.
 * @example
 * ```ts
 * const stop = instrumentSessions();
 * await tracer.startActiveSpan('request', async (span) => {
 *   await run(agent, 'Where is my order?', { session });
 *   span.end();
 * });
 * ```
 */
export function instrumentSessions(options: InstrumentOptions = {}): () => void {
  checkOptions('instrumentSessions', options, {
    tracerProvider: isProvider('getTracer'),
    meterProvider: isProvider('getMeter'),
    conversationIds: isBoolean,
  });
  const { tracerProvider = trace, meterProvider = metrics, conversationIds = true } = options;
  const tracer = tracerProvider.getTracer(SCOPE);
  const record = recorder(meterProvider.getMeter(SCOPE));
  const listener = (published: unknown) => {
    const message = published as OperationMessage;
    const attributes = attributesOf(message);
    makeSpan(tracer, message, attributes, conversationIds);
    record(message, attributes);
  };
  subscribe(OPERATION_CHANNEL, listener);
  return () => void unsubscribe(OPERATION_CHANNEL, listener);
}

/** What spans and metrics have in common. There are few values of each. */
function attributesOf({ engine, operation, table, error }: OperationMessage): Attributes {
  return {
    'db.system.name': SYSTEMS[engine] ?? engine,
    'db.operation.name': operation,
    ...(table !== undefined && ABOUT_ITEMS.has(operation) && { 'db.collection.name': table }),
    ...(error !== undefined && { 'error.type': error }),
  };
}

/** The call is over: its span is made with the times that it had. */
function makeSpan(
  tracer: Tracer,
  message: OperationMessage,
  attributes: Attributes,
  withConversation: boolean,
): void {
  const { ms, waiting, retries, rowsRead, rowsWritten, bytesRead, bytesWritten, groupSize, outcome } =
    message;
  const { engine, operation, sessionId, error } = message;
  const end = Date.now();
  const collection = attributes['db.collection.name'];
  const span = tracer.startSpan(collection === undefined ? operation : `${operation} ${collection}`, {
    kind: engine === 'memory' ? SpanKind.INTERNAL : SpanKind.CLIENT,
    startTime: end - ms,
    attributes: {
      ...attributes,
      'db.response.returned_rows': rowsRead,
      'stackone.sessions.rows_written': rowsWritten,
      'stackone.sessions.bytes_read': bytesRead,
      'stackone.sessions.bytes_written': bytesWritten,
      'stackone.sessions.wait_time': waiting / 1000,
      'stackone.sessions.retries': retries,
      ...(groupSize !== undefined && { 'stackone.sessions.group_size': groupSize }),
      ...(outcome !== undefined && { 'stackone.sessions.outcome': outcome }),
      ...(withConversation && sessionId !== undefined && { 'gen_ai.conversation.id': sessionId }),
    },
  });
  if (error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR });
  span.end(end);
}

/** Adds the numbers of a message to the metrics. */
function recorder(meter: Meter): (message: OperationMessage, attributes: Attributes) => void {
  const histogram = (name: string, unit: string, boundaries: number[], description: string) =>
    meter.createHistogram(name, { unit, description, advice: { explicitBucketBoundaries: boundaries } });
  const duration = meter.createHistogram('db.client.operation.duration', {
    ...SECONDS,
    description: 'Duration of database client operations.',
  });
  const wait = meter.createHistogram('stackone.sessions.wait_time', {
    ...SECONDS,
    description: 'How long a call waited before it was sent to the database.',
  });
  const returned = histogram('db.client.response.returned_rows', '{row}', COUNTS, 'Rows that a call read.');
  const written = histogram(
    'stackone.sessions.rows_written',
    '{row}',
    COUNTS,
    'Rows that a call was to store.',
  );
  const bytes = histogram(
    'stackone.sessions.bytes',
    'By',
    BYTES,
    'Length of the texts that a call read or wrote.',
  );
  const groups = histogram(
    'stackone.sessions.group_size',
    '{turn}',
    COUNTS,
    'Turns that shared the commit of a turn.',
  );
  const backlog = histogram(
    'stackone.sessions.waiting_turns',
    '{turn}',
    COUNTS,
    'Turns that waited to be stored when one came.',
  );
  const retries = meter.createCounter('stackone.sessions.retries', {
    unit: '{retry}',
    description: 'How often calls were sent again.',
  });
  const writes = meter.createCounter('stackone.sessions.writes', {
    unit: '{call}',
    description: 'Calls that write, by what became of them.',
  });
  return (message, attributes) => {
    const { rowsRead, rowsWritten, bytesRead, bytesWritten, groupSize, waitingTurns, outcome } = message;
    duration.record(message.ms / 1000, attributes);
    wait.record(message.waiting / 1000, attributes);
    if (rowsRead > 0) {
      returned.record(rowsRead, attributes);
      bytes.record(bytesRead, { ...attributes, 'network.io.direction': 'receive' });
    }
    if (rowsWritten > 0) {
      written.record(rowsWritten, attributes);
      bytes.record(bytesWritten, { ...attributes, 'network.io.direction': 'transmit' });
    }
    if (groupSize !== undefined) groups.record(groupSize, attributes);
    if (waitingTurns !== undefined) backlog.record(waitingTurns, attributes);
    if (message.retries > 0) retries.add(message.retries, attributes);
    if (outcome !== undefined) writes.add(1, { ...attributes, 'stackone.sessions.outcome': outcome });
  };
}

function isProvider(method: string): (value: unknown) => string | undefined {
  return (value) =>
    typeof (value as Record<string, unknown> | null)?.[method] === 'function'
      ? undefined
      : `a provider of OpenTelemetry, with ${method}()`;
}
