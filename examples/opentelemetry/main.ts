// Three customers write at the same time. What their calls cost is shown as spans and metrics, by OpenTelemetry's own SDK.
// `npm run example:opentelemetry`; with DATABASE_URL in a database of yours.
import { context, metrics, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { openSessionStore } from '@stackone/openai-agents-js-sessions';
import { instrumentSessions } from '@stackone/openai-agents-js-sessions/opentelemetry';

// As every application that uses OpenTelemetry sets it up; there the exporters send to a collector.
const spans = new InMemorySpanExporter();
const measured = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
const meterProvider = new MeterProvider({
  readers: [new PeriodicExportingMetricReader({ exporter: measured })],
});
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
trace.setGlobalTracerProvider(
  new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter: spans })] }),
);
metrics.setGlobalMeterProvider(meterProvider);

// This line is all that sessions need.
instrumentSessions();

const store = await openSessionStore(process.env.DATABASE_URL ?? 'sqlite::memory:');
await Promise.all(['chat_1', 'chat_2', 'chat_3'].map(answer));
await store.close();

/** A request of a customer, whose span is the parent of those of its calls. */
function answer(id: string): Promise<void> {
  return trace.getTracer('shop').startActiveSpan('POST /chat', async (span) => {
    const session = store.session(id);
    await session.addItems([{ role: 'user', content: 'Where is my order?' }]);
    await session.getItems(20);
    span.end();
  });
}

for (const request of spans.getFinishedSpans().filter(({ name }) => name === 'POST /chat')) {
  console.log(request.name);
  for (const span of spans.getFinishedSpans()) {
    if (span.parentSpanContext?.spanId !== request.spanContext().spanId) continue;
    console.log(`  ${span.name}`);
    for (const [name, value] of Object.entries(span.attributes)) console.log(`    ${name} = ${value}`);
  }
}

await meterProvider.forceFlush();
for (const { descriptor, dataPoints } of measured
  .getMetrics()
  .flatMap((all) => all.scopeMetrics[0]?.metrics ?? [])) {
  for (const { attributes, value } of dataPoints) {
    const shown = typeof value === 'object' ? `${value.count} times, sum ${value.sum}` : value;
    console.log(`${descriptor.name} of ${attributes['db.operation.name']}: ${shown} ${descriptor.unit}`);
  }
}
await meterProvider.shutdown();
