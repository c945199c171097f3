// Spans and metrics with whatever version of OpenTelemetry's API is installed, in both module systems.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { metrics, trace } from '@opentelemetry/api';
import { openSessionStore } from '@stackone/openai-agents-js-sessions';
import * as asModule from '@stackone/openai-agents-js-sessions/opentelemetry';

const asCommonJs = createRequire(import.meta.url)('@stackone/openai-agents-js-sessions/opentelemetry');

/** Notes what a provider of the SDK would be asked for. */
const made = [];
const instrument = (name) => ({
  record: (value) => made.push([name, value]),
  add: (value) => made.push([name, value]),
});
trace.setGlobalTracerProvider({
  getTracer: () => ({
    startSpan(name) {
      made.push(['span', name]);
      return { setStatus() {}, end() {} };
    },
  }),
});
metrics.setGlobalMeterProvider({
  getMeter: () => ({ createHistogram: instrument, createCounter: instrument }),
});

for (const [system, { instrumentSessions }] of Object.entries({ asModule, asCommonJs })) {
  test(`a span and the metrics of a call: ${system}`, async () => {
    made.length = 0;
    const stop = instrumentSessions();
    await using store = await openSessionStore('memory:');
    await store.session('chat_123').addItems([{ role: 'user', content: 'Hello' }]);
    stop();
    await store.session('chat_123').getItems();
    assert.deepEqual(made[0], ['span', 'addItems']);
    assert.ok(made.some(([name, value]) => name === 'db.client.operation.duration' && value > 0));
    assert.deepEqual(made.at(-1), ['stackone.sessions.writes', 1]);
  });
}
