import type { Awaitable } from '../port/awaitable.js';
import { isSessionError } from '../port/errors.js';
import { tablesOutdated } from '../port/schema-version.js';
import type { SessionWarning, WarningReporter } from '../port/warnings.js';
import { type Finding, type FindingCode, improvable, type Look, wrong } from './finding.js';

/**
 * What some looks find, one after the other. One that the database refuses is a finding, too, and does not end the others.
 *
 * @throws what a look throws because the database is gone.
 * @example
 * ```ts
 * for await (const finding of findingsOf({ CLOCK: () => clockFinding(askTime) })) console.log(finding.message);
 * ```
 */
export async function* findingsOf(
  looks: Readonly<Partial<Record<FindingCode, Look>>>,
): AsyncGenerator<Finding> {
  for (const [code, look] of Object.entries(looks)) {
    try {
      yield* [await look()].flat();
    } catch (error) {
      if (!isSessionError(error) || error.retryable || error.code === 'INVALID_DATABASE') throw error;
      yield improvable(
        code as FindingCode,
        `It could not be looked at: ${error.code}: ${error.message}`,
        'Run it as a user that may see more.',
      );
    }
  }
}

/**
 * What a store finds when it opens tables without changing anything.
 *
 * @param prepare - Checks the tables as a store does.
 * @throws what it throws that is not about tables.
 * @example
 * ```ts
 * const findings = await tableFindings((warn) => openTables({ createTables: false, warn }));
 * ```
 */
export async function tableFindings(
  prepare: (warn: WarningReporter) => Awaitable<unknown>,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  const warn = ({ code, message }: SessionWarning) => {
    const [problem = '', advice = ''] = message.split(/\.? (?=Run: )/);
    if (code === 'INDEX_MISSING')
      findings.push(improvable('INDEXES', `An index is missing. ${problem}`, advice, 'tables'));
    else
      findings.push(
        improvable(
          'TABLES',
          problem,
          advice || 'See docs/migrations.md.',
          // a store makes what is missing, and changes nothing that is there
          advice.startsWith('Run: CREATE') ? 'tables' : undefined,
        ),
      );
  };
  try {
    await prepare(warn);
  } catch (error) {
    if (!isSessionError(error)) throw error;
    const { code, message } = error;
    if (code === 'UNSUPPORTED')
      findings.push(wrong('CHARACTER_SET', message, 'Make a database with another character set.'));
    else if (code === 'TABLE_MISSING' || message.startsWith(OUTDATED))
      findings.push(wrong('TABLES', message, 'Run: sessions schema --apply', 'tables'));
    else if (code === 'SCHEMA_MISMATCH') findings.push(wrong('TABLES', message, 'See docs/migrations.md.'));
    else throw error;
  }
  return findings;
}

/** How a store begins to say that it would only have to make something. */
const OUTDATED = tablesOutdated([]).message;
