// Promise: The harness finds what is wrong with sessions that others write: the one of many examples, and a peer.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { clientFaults, type TortureOptions, torture } from '@stackone/openai-agents-js-sessions/torture';
import { temporaryFolder } from '@stackone/test-environment';
import { describeEngine } from '@stackone/test-servers/vitest';
import { describe, expect, test } from 'vitest';
import { open as openLanggraph } from '../others/langgraph-postgres-saver.ts';

const ALONE = { writers: 1, callers: 1 };
const TOGETHER = { writers: 2, callers: 4 };

/** What is found of a module though nothing fails. */
async function found(module: string, options: Pick<TortureOptions, 'url' | 'writers' | 'callers'>) {
  const { rows } = await torture(join(import.meta.dirname, '../others', module), {
    faults: clientFaults().filter(({ name }) => name === 'none'),
    rounds: 4,
    patience: 5000,
    seed: 'others',
    ...options,
  });
  const [row] = rows;
  if (!row || row.acknowledged === 0) throw new Error(`nothing was stored: ${JSON.stringify(row)}`);
  return row;
}

const NOTHING = Object.fromEntries(
  ['lost', 'doubled', 'partial', 'reordered', 'foreign', 'untrue', 'hung', 'crashed', 'leaked'].map(
    (name) => [name, 0],
  ),
);

describe('a JSON file for each conversation', () => {
  const folder = temporaryFolder();
  const place = (name: string) => {
    mkdirSync(join(folder, name));
    return pathToFileURL(join(folder, name)).href;
  };

  test('turns of others are lost, and files are read half written', async () => {
    const row = await found('file-session.ts', { url: place('together'), ...TOGETHER });
    expect(row.problems.lost, JSON.stringify(row)).toBeGreaterThan(0);
    expect(row.errors.SyntaxError, JSON.stringify(row)).toBeGreaterThan(0);
  });

  test('nothing is found where one process makes one call at a time', async () => {
    const row = await found('file-session.ts', { url: place('alone'), ...ALONE });
    expect(row.problems, JSON.stringify(row)).toEqual(NOTHING);
  });
});

describeEngine('postgres:18', ({ server }) => {
  describe("LangGraph's PostgresSaver, with all items as one value of the state", () => {
    const database = async () => {
      const url = server.url(await server.createDatabase());
      // processes that make its tables at the same time fail
      await (await openLanggraph('', url)).close();
      return url;
    };

    test('turns of others are lost', async () => {
      const row = await found('langgraph-postgres-saver.ts', { url: await database(), ...TOGETHER });
      expect(row.problems.lost, JSON.stringify(row)).toBeGreaterThan(0);
    });

    test('nothing is found where one process makes one call at a time', async () => {
      const row = await found('langgraph-postgres-saver.ts', { url: await database(), ...ALONE });
      expect(row.problems, JSON.stringify(row)).toEqual(NOTHING);
    });
  });
});
