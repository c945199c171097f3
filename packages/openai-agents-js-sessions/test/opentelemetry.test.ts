// Promise: OpenTelemetry.
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { temporaryFolder } from '@stackone/test-environment';
import { describeEngine } from '@stackone/test-servers/vitest';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openSessionStore } from '../src/index.js';
import { instrumentSessions } from '../src/opentelemetry.js';

const folder = temporaryFolder();
const user = (content: string) => ({ role: 'user' as const, content });

const spanExporter = new InMemorySpanExporter();
const tracerProvider = new TracerProvider({
  spanProcessors: [new SimpleSpanProcessor({ exporter: spanExporter })],
});
const metricExporter = new InMemoryMetricExporter(AggregationTemporality.DELTA);
const meterProvider = new MeterProvider({
  readers: [new PeriodicExportingMetricReader({ exporter: metricExporter, exportIntervalMillis: 3_600_000 })],
});
const providers = { tracerProvider, meterProvider };
const tracer = tracerProvider.getTracer('test');
let stop: () => void = () => undefined;

beforeAll(() => void context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable()));
afterAll(async () => {
  context.disable();
  await meterProvider.shutdown();
});
beforeEach(async () => {
  await meterProvider.forceFlush();
  metricExporter.reset();
  spanExporter.reset();
  stop = instrumentSessions(providers);
});
afterEach(() => stop());

/** The spans of calls, in the order in which they ended. Runs that other files of this process have left tell of theirs too. */
const spans = () =>
  spanExporter.getFinishedSpans().filter(({ name }) => name !== 'request' && !name.startsWith('runs.'));

/** What was measured since the test began: each point of each metric. */
async function points(name: string) {
  await meterProvider.forceFlush();
  const metrics = metricExporter
    .getMetrics()
    .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((one) => one.metrics));
  const wanted = metrics.filter(({ descriptor }) => descriptor.name === name);
  return wanted.flatMap(({ descriptor: { unit }, dataPoints }) =>
    dataPoints.map(({ attributes, value }) => ({ unit, attributes, value })),
  );
}

/** Does something inside a span, and tells its id. */
async function inRequest(work: () => Promise<unknown>): Promise<string> {
  return tracer.startActiveSpan('request', async (span) => {
    await work();
    span.end();
    return span.spanContext().spanId;
  });
}

function everywhere(system: string, url: () => string): void {
  test('a span of each call, a child of the one that was active', async () => {
    await using store = await openSessionStore(url());
    const id = randomUUID();
    const session = store.session(id);
    const parent = await inRequest(async () => {
      await session.addItems([user('secret')]);
      await session.getItems();
      await session.addItems([5 as never]).catch(() => undefined);
      await store.sessions.retrieve(id);
    });
    await session.popItem();
    const about = { 'db.system.name': system, 'gen_ai.conversation.id': id };
    const collection = system === 'memory' ? undefined : 'agent_messages';
    const name = (operation: string) => (collection ? `${operation} ${collection}` : operation);
    const kind = system === 'memory' ? SpanKind.INTERNAL : SpanKind.CLIENT;
    const failed = { code: SpanStatusCode.ERROR };
    expect(spans()).toMatchObject([
      {
        name: name('addItems'),
        kind,
        status: { code: SpanStatusCode.UNSET },
        attributes: {
          ...about,
          'db.operation.name': 'addItems',
          'stackone.sessions.rows_written': 1,
          'stackone.sessions.bytes_written': 34,
          'stackone.sessions.group_size': 1,
          'stackone.sessions.outcome': 'stored',
        },
      },
      { name: name('getItems'), attributes: { ...about, 'db.response.returned_rows': 1 } },
      { name: name('addItems'), status: failed, attributes: { 'error.type': 'TypeError' } },
      { name: 'sessions.retrieve', attributes: about },
      { name: name('popItem') },
    ]);
    const [first, , , retrieved, last] = spans();
    for (const span of spans().slice(0, 4)) expect(span.parentSpanContext?.spanId).toBe(parent);
    expect(last?.parentSpanContext).toBeUndefined();
    expect(first?.attributes['db.collection.name']).toBe(collection);
    expect(retrieved?.attributes).not.toHaveProperty('db.collection.name');
    expect(JSON.stringify(spans().map(({ attributes, name }) => ({ attributes, name })))).not.toContain(
      'secret',
    );
  });

  test('turns of several callers in one commit: each has a span of its own, below its own request', async () => {
    await using store = await openSessionStore(url());
    const session = store.session(randomUUID());
    await session.getItems();
    spanExporter.reset();
    const parents = await Promise.all(
      [1, 2, 3, 4].map((one) => inRequest(() => session.addItems([user(`${one}`)]))),
    );
    expect(
      spans()
        .map(({ parentSpanContext }) => parentSpanContext?.spanId)
        .toSorted(),
    ).toEqual(parents.toSorted());
    const sizes = spans().map(({ attributes }) => attributes['stackone.sessions.group_size'] as number);
    expect(Math.max(...sizes)).toBeGreaterThan(1);
  });

  test('metrics, without ids', async () => {
    await using store = await openSessionStore(url());
    const id = randomUUID();
    const session = store.session(id);
    await Promise.all([session.addItems([user('a'), user('b')]), session.addItems([user('c')])]);
    await session.getItems();
    await session.addItems([5 as never]).catch(() => undefined);
    const of = (operation: string) => ({ 'db.system.name': system, 'db.operation.name': operation });
    const durations = await points('db.client.operation.duration');
    expect(durations).toMatchObject([
      { unit: 's', attributes: of('addItems'), value: { count: 2 } },
      { attributes: of('getItems'), value: { count: 1 } },
      { attributes: { ...of('addItems'), 'error.type': 'TypeError' }, value: { count: 1 } },
    ]);
    expect(durations[0]?.value).toMatchObject({
      buckets: { boundaries: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10] },
    });
    expect(await points('db.client.response.returned_rows')).toMatchObject([{ value: { count: 1, sum: 3 } }]);
    expect(await points('stackone.sessions.rows_written')).toMatchObject([{ value: { count: 2, sum: 3 } }]);
    expect(await points('stackone.sessions.bytes')).toMatchObject([
      { unit: 'By', attributes: { 'network.io.direction': 'transmit' }, value: { sum: 87 } },
      { attributes: { 'network.io.direction': 'receive' }, value: { sum: 87 } },
    ]);
    expect(await points('stackone.sessions.waiting_turns')).toMatchObject([{ value: { count: 2, sum: 1 } }]);
    expect(await points('stackone.sessions.group_size')).toMatchObject([{ value: { count: 2 } }]);
    expect(await points('stackone.sessions.wait_time')).toHaveLength(3);
    expect(await points('stackone.sessions.retries')).toEqual([]);
    expect(await points('stackone.sessions.writes')).toMatchObject([
      { attributes: { ...of('addItems'), 'stackone.sessions.outcome': 'stored' }, value: 2 },
      { attributes: { 'stackone.sessions.outcome': 'unwritten' }, value: 1 },
    ]);
    expect(JSON.stringify(metricExporter.getMetrics())).not.toContain(id);
  });
}

describe('memory', () => {
  everywhere('memory', () => 'memory:');

  test('without ids, where they are left out, and nothing when it has ended', async () => {
    stop();
    const end = instrumentSessions({ ...providers, conversationIds: false });
    await using store = await openSessionStore('memory:');
    await store.session('chat_123').getItems();
    end();
    await store.session('chat_123').getItems();
    expect(spans()).toHaveLength(1);
    expect(spans()[0]?.attributes).not.toHaveProperty('gen_ai.conversation.id');
  });

  test('the global providers, where no others are given', async () => {
    stop();
    const end = instrumentSessions();
    trace.setGlobalTracerProvider(tracerProvider); // after it
    await using store = await openSessionStore('memory:');
    await store.session('chat_123').getItems();
    end();
    trace.disable();
    expect(spans()).toMatchObject([{ name: 'getItems' }]);
  });

  test.each([{ tracer }, { tracerProvider: {} }, { meterProvider: 5 }, { conversationIds: 'no' }])(
    'other options are a TypeError',
    (options) => {
      expect(() => instrumentSessions(options as object)).toThrow(TypeError);
    },
  );
});

describe('sqlite', () => everywhere('sqlite', () => `sqlite:${join(folder, 'opentelemetry.db')}`));

describeEngine(['postgres:18', 'mysql', 'mariadb:10.11'], ({ engine, url }) => {
  everywhere(engine === 'postgres' ? 'postgresql' : 'mysql', () => url);
});
