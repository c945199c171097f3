import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeEngine } from '@stackone/test-servers/vitest';
import { expect, test } from 'vitest';
import { runModule } from './child-process.js';
import { emptyDatabase, rowsOf, SERVERS } from './databases.js';

const README = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8');
const SAMPLES = [...README.matchAll(/```ts\n(.*?)```/gs)].map(([, code]) => String(code));

/** Answers for a model, which a test does not have. */
const MODEL = `
  const { setDefaultModelProvider } = await import('@openai/agents');
  const { assistantMessage, ScriptedModel } = await import('@openai/agents/testing');
  const scripted = new ScriptedModel([[assistantMessage('On its way.')], [assistantMessage('Tomorrow.')]]);
  setDefaultModelProvider({ getModel: async () => scripted });
`;

describeEngine(SERVERS, ({ server }) => {
  test('every code sample of the README runs', { timeout: 60_000 }, async () => {
    expect(SAMPLES.length).toBeGreaterThan(5);
    for (const sample of SAMPLES) {
      const url = await emptyDatabase(server);
      await runModule(
        `process.env.DATABASE_URL = ${JSON.stringify(url)};\n${sample.includes('Agent') ? MODEL : ''}\n${sample}`,
      );
      if (sample.includes('run(agent')) {
        expect(await rowsOf(url, 'SELECT 1 FROM agent_messages')).toHaveLength(4);
      }
      if (sample.includes('store.with(tx)')) {
        expect(await rowsOf(url, 'SELECT 1 FROM agent_messages')).toHaveLength(1);
        expect(await rowsOf(url, 'SELECT 1 FROM orders')).toHaveLength(1);
      }
    }
  });
});
