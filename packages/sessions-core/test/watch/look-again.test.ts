import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { SessionError } from '../../src/port/errors.js';
import { ChangedSessions } from '../../src/watch/changed-sessions.js';
import { type Look, lookAgain } from '../../src/watch/look-again.js';

const quiet = { interval: 1, signal: undefined, onNews: () => () => undefined };
const found = <One>(...ones: One[]): Look<One> => ({ found: ones, hasMore: false });

test('failures that may pass are waited out, and nothing is lost or doubled', async () => {
  const answers = [
    found('a'),
    new SessionError('CONNECTION_FAILED', 'away'),
    new SessionError('BUSY', 'busy'),
    found('b'),
  ];
  const watch = lookAgain(quiet, async () => {
    const answer = answers.shift() ?? found<string>();
    if (answer instanceof Error) throw answer;
    return answer;
  });
  expect([await watch.next(), await watch.next()].map(({ value }) => value)).toEqual(['a', 'b']);
  await watch.return();
});

test('a failure that does not pass reaches the caller', async () => {
  for (const error of [new SessionError('CLOSED', 'closed'), new TypeError('a fault')]) {
    const watch = lookAgain(quiet, () => Promise.reject(error));
    await expect(watch.next()).rejects.toBe(error);
  }
});

test('news end the time between two looks, also those that come while it looks', async () => {
  let wake = () => {};
  let stopped = 0;
  const looks: string[] = [];
  const onNews = (call: () => void) => {
    wake = call;
    return () => void stopped++;
  };
  const watch = lookAgain({ ...quiet, interval: 3_600_000, onNews }, async () => {
    looks.push('look');
    if (looks.length === 1) {
      wake();
      return found<string>();
    }
    return found(`look ${looks.length}`);
  });
  expect((await watch.next()).value).toBe('look 2');
  const third = watch.next();
  await wait(1);
  wake();
  expect((await third).value).toBe('look 3');
  await watch.return();
  expect(stopped).toBe(1);
});

test('news that never stop make no look follow another at once', async () => {
  let wake = () => {};
  let looks = 0;
  const end = new AbortController();
  const onNews = (call: () => void) => {
    wake = call;
    return () => undefined;
  };
  const watch = lookAgain({ interval: 1000, signal: end.signal, onNews }, async () => {
    looks++;
    return found<string>();
  });
  const over = watch.next();
  const storm = setInterval(() => wake(), 1);
  await wait(200);
  clearInterval(storm);
  end.abort();
  await over;
  expect(looks).toBeLessThanOrEqual(9); // 200 ms, 25 ms from look to look
});

/** The rows of all sessions that are committed: their ids and sessions. */
function table() {
  const rows: { row: number; id: string }[] = [];
  const read = async (after: string | undefined, limit: number) => {
    if (after === undefined) return { sessions: [], last: '0', isLast: true };
    const looked = rows
      .filter(({ row }) => row > Number(after))
      .sort((one, other) => one.row - other.row)
      .slice(0, limit);
    const sessions = [...new Map(looked.map(({ id, row }) => [id, String(row)]))].map(([id, newest]) => ({
      id,
      newest,
    }));
    return { sessions, last: String(looked.at(-1)?.row ?? after), isLast: looked.length < limit };
  };
  return { read, commit: (row: number, id: string) => void rows.push({ row, id }) };
}

test('a row that is committed behind greater ones is told', async () => {
  const { read, commit } = table();
  const changes = new ChangedSessions(read, undefined, 60_000);
  commit(7, 'quick');
  expect((await changes.look()).changed).toEqual(['quick']);
  expect((await changes.look()).changed).toEqual([]);
  commit(3, 'slow');
  expect((await changes.look()).changed).toEqual(['slow']);
  commit(8, 'quick');
  expect(await changes.look()).toEqual({ changed: ['quick'], cursor: '0' });
});

test('what is older than the longest transaction is not read again, and a cursor stands behind it', async () => {
  const { read, commit } = table();
  const begins: (string | undefined)[] = [];
  const noting = (after: string | undefined, limit: number) => {
    begins.push(after);
    return read(after, limit);
  };
  const changes = new ChangedSessions(noting, undefined, 0);
  commit(5, 'one');
  await changes.look();
  commit(6, 'two');
  expect(await changes.look()).toEqual({ changed: ['two'], cursor: '5' });
  await changes.look();
  expect(begins).toEqual([undefined, '0', '5', '6']);
  const again = new ChangedSessions(read, '5', 60_000);
  expect((await again.look()).changed).toEqual(['two']);
});

test('more rows than are looked at in one statement', async () => {
  const { read, commit } = table();
  for (let row = 1; row <= 2500; row++) commit(row, `chat_${row % 7}`);
  const changes = new ChangedSessions(read, undefined, 60_000);
  expect((await changes.look()).changed.toSorted()).toEqual([0, 1, 2, 3, 4, 5, 6].map((n) => `chat_${n}`));
  expect((await changes.look()).changed).toEqual([]);
});
