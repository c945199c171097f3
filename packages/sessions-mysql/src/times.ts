/** Seconds since 1970, exact to the µs, whatever the time zone of the connection and its summer time. */
export const exact = (column: string) => `UNIX_TIMESTAMP(${column})`;

/** Whole ms since 1970. */
export const milliseconds = (column: string) => `FLOOR(${exact(column)} * 1000)`;

/**
 * For statements that copy times: MySQL does so by way of the local time of the connection, of which an hour comes twice where clocks
 * are put back, and the first of the two becomes the second. To MariaDB, which copies them as they are, it is a comment.
 */
export const IN_UTC = "/*+ SET_VAR(time_zone = '+00:00') */";

/** Before statements that are given times, beside the other: MariaDB 10 takes those by way of the local time, too. To MySQL it is a comment. */
export const GIVEN_IN_UTC = "/*M! SET STATEMENT time_zone = '+00:00' FOR */ ";

/** By how much no clock is ever put back, in seconds: two hours on one station in Antarctica, three on another. */
const LONGEST_SHIFT = 4 * 3600;

const DAY = 86_400_000;

type Comparison = '<' | '>';

/**
 * A time of the connection's zone: what lies before it (or behind) has all instants that lie before (or behind) one. An index has its
 * times in UTC, while the servers compare in the time zone of the connection, which has an hour twice where clocks are put back. In the
 * hours after that (or before) it is a time some hours off, that comes once.
 */
function localBound(than: Comparison, seconds: string): string {
  const local = `FROM_UNIXTIME(${seconds})`;
  const [sign, from, to] =
    than === '<'
      ? ['+', `FROM_UNIXTIME(${seconds} - ${LONGEST_SHIFT})`, local]
      : ['-', local, `FROM_UNIXTIME(${seconds} + ${LONGEST_SHIFT})`];
  const isPutBack = `TIMESTAMPDIFF(SECOND, ${from}, ${to}) < ${LONGEST_SHIFT}`;
  return `IF(${isPutBack}, ${local} ${sign} INTERVAL ${LONGEST_SHIFT} SECOND, ${local})`;
}

/**
 * The place behind a row in the order of a time and then of ids: a range that an index can be entered by, and the exact comparison.
 *
 * @param time - Seconds since 1970.
 * @param behind - What the ids have to be where the times are equal.
 */
export function behindTime(column: string, than: Comparison, time: string, behind: string): string[] {
  const at = secondsLiteral(time);
  const bound = localBound(than, at);
  return [
    `(${column} ${than} ${bound} OR (${column} = ${bound} AND ${behind}))`,
    `(${exact(column)} ${than} ${at} OR (${exact(column)} = ${at} AND ${behind}))`,
  ];
}

/** Whether a time is before or behind another: a range that an index can be entered by, and the exact comparison. */
export function comparedToTime(column: string, than: Comparison, milliseconds: number): string[] {
  const at = secondsLiteral(String(milliseconds / 1000));
  const comparison = `${exact(column)} ${than} ${at}`;
  // what is a time to the servers in every zone
  const isTime = milliseconds > DAY && milliseconds < 2 ** 31 * 1000 - DAY;
  return isTime ? [`${column} ${than}= ${localBound(than, at)}`, comparison] : [comparison];
}

/**
 * Seconds since 1970 as SQL, a decimal number.
 *
 * @throws TypeError for anything else.
 */
export function secondsLiteral(seconds: string): string {
  if (!/^-?\d{1,13}(?:\.\d{1,6})?$/.test(seconds)) throw new TypeError('A time must be a number of seconds.');
  return seconds;
}
