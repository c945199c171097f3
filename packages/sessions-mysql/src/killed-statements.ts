import type { Answer, Send } from './driver-types.js';
import type { MysqlExecutor } from './executor.js';
import { Ending, type SendSeveral } from './transactions.js';

/** Those whose rows MariaDB may look up by ranges. A row that is found by its key is not affected. */
const BY_RANGE = /^(?:UPDATE|DELETE)\b|^SELECT\b.*\bORDER BY\b/s;

/** Those of a text of several statements: also the one that looks for several keys, whose answer is not seen there. */
const BY_RANGE_OR_KEYS = new RegExp(`${BY_RANGE.source}|^SELECT\\b.*\\bIN \\([^)]*,`, 's');

/**
 * For MariaDB: asks again where nothing was found or changed. There a statement that an administrator kills (`KILL QUERY`) while the
 * server plans it succeeds as if its range were empty (11.8; about one in a hundred of those that are killed). A popped item would stay, and
 * a conversation look empty. Nothing is changed by the first one, and the second one is killed at that moment by chance alone. What removes items
 * that were read before also counts them, and rolls back if it found fewer.
 *
 * A text of several statements goes on behind such a one, so there each stands twice from the beginning: what was found or removed by the
 * first one is found again by the second, or not there any more.
 */
export function askingAgain(executor: MysqlExecutor): MysqlExecutor {
  const { readsLock, atOnce } = executor;
  return {
    readsLock,
    atOnce: atOnce && ((statements, repeatable) => atOnce(statements.flatMap(doubled), repeatable)),
    run: twice((sql) => executor.run(sql)),
    atomically: (work) =>
      executor.atomically(async (send, together) => {
        const sendTwice = twice(send);
        const ended = await work(sendTwice, together && withDoubles(together));
        if (!(ended instanceof Ending)) return ended;
        const { statements, value, check } = ended;
        if (together)
          return new Ending(statements.flatMap(doubled), value, (all) => check(merged(statements, all)));
        const answers: Answer[] = [];
        for (const statement of statements) answers.push(await sendTwice(statement));
        check(answers);
        return value;
      }),
  };
}

const twice =
  (send: Send): Send =>
  async (sql) => {
    const answer = await send(sql);
    return isNothing(answer) && BY_RANGE.test(sql) ? send(sql) : answer;
  };

const withDoubles =
  (together: SendSeveral): SendSeveral =>
  async (...statements) =>
    merged(statements, await together(...statements.flatMap(doubled)));

const doubled = (statement: string): readonly string[] =>
  BY_RANGE_OR_KEYS.test(statement) ? [statement, statement] : [statement];

/** One answer to each statement, of two where it stood twice: the first that has rows, or that changed some. */
function merged(statements: readonly string[], all: readonly Answer[]): readonly Answer[] {
  let at = 0;
  return statements.flatMap((statement) => {
    const from = at;
    at += doubled(statement).length;
    const own = all.slice(from, at);
    return own.find((answer) => !isNothing(answer)) ?? own.slice(0, 1);
  });
}

const isNothing = ({ rows, affectedRows }: Answer) => rows.length === 0 && affectedRows === 0;
