import { channel } from 'node:diagnostics_channel';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { type SpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { OPERATION_CHANNEL } from '@stackone/openai-agents-js-sessions';
import { instrumentSessions } from '@stackone/openai-agents-js-sessions/opentelemetry';

/** How often metrics are handed on and forgotten, in ms. */
const EXPORTS = 1000;

/** Spans and metrics of all calls, and a subscriber of diagnostics, as applications have them; nothing is kept. */
export function observe(): { spans(): number; end(): Promise<void> } {
  let spans = 0;
  const counting: SpanProcessor = {
    onStart: () => {},
    onEnd: () => {
      spans += 1;
    },
    forceFlush: async () => {},
    shutdown: async () => {},
  };
  const exporter = new InMemoryMetricExporter(AggregationTemporality.DELTA);
  const meterProvider = new MeterProvider({
    readers: [
      new PeriodicExportingMetricReader({
        exporter,
        exportIntervalMillis: EXPORTS,
        exportTimeoutMillis: EXPORTS,
      }),
    ],
  });
  const forgets = setInterval(() => exporter.reset(), EXPORTS);
  const tracerProvider = new TracerProvider({ spanProcessors: [counting] });
  const stop = instrumentSessions({ tracerProvider, meterProvider });
  const subscriber = () => {};
  channel(OPERATION_CHANNEL).subscribe(subscriber);
  return {
    spans: () => spans,
    async end() {
      clearInterval(forgets);
      stop();
      channel(OPERATION_CHANNEL).unsubscribe(subscriber);
      await meterProvider.shutdown();
      await tracerProvider.shutdown();
    },
  };
}
