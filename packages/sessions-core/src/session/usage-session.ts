import type { RunContext } from '@openai/agents-core';
import { givenIds } from '../ids/tenant-id.js';
import { type Awaitable, whenReady } from '../port/awaitable.js';
import type { SessionBackend } from '../port/backend.js';
import { SessionError } from '../port/errors.js';
import type { UsageBatch, UsageCounts, UsageVerbs } from '../port/usage.js';
import { StoredHistory } from '../turns/stored-history.js';
import {
  RECORD_USAGE_CHECKS,
  type RecordUsageOptions,
  type RunUsage,
  usageRows,
} from '../usage/run-usage.js';
import {
  type Grouped,
  SESSION_USAGE_GROUPS,
  type SessionUsageOptions,
  shownSums,
  type UsagePeriod,
  type UsageSum,
  usageChecks,
  usageQuery,
  usageTotals,
} from '../usage/usage-sums.js';
import type { Conversation, ConversationCalls } from './conversation-calls.js';
import type { SessionHost } from './session-host.js';
import { TurnSession } from './turn-session.js';

/**
 * What a session has besides its items: what the models used that answered in it. Absent where `store.supports.usage` is not
 * true.
 */
export class UsageSession extends TurnSession {
  readonly #calls: ConversationCalls;

  constructor(calls: ConversationCalls) {
    super(calls);
    this.#calls = calls;
  }

  /**
   * Keeps what a run used with the conversation and its newest turn: requests and tokens, by model. Each response counts once,
   * by its id, however often this is called and in whichever process: again after an error, and again after a run that was
   * interrupted has gone on. Call it when the run is over; a stream must have been read to its end.
   *
   * @param result - What `run()` returned.
   * @throws TypeError for anything else, and for an unknown option. SessionError `UNSUPPORTED` where the table is not there,
   * or as the database says.
   * @example
   * ```ts
   * const result = await run(agent, 'Where is my order?', { session });
   * await session.recordUsage(result);
   * ```
   */
  recordUsage(
    result: RunUsage,
    options: RecordUsageOptions = {},
    runContext?: RunContext<unknown>,
  ): Promise<void> {
    return this.#calls.perform('recordUsage', runContext, {
      options,
      optionChecks: RECORD_USAGE_CHECKS,
      check: () => ({ rows: usageRows(result, options), turn: options.turn }),
      work: (backend, conversation, { rows, turn }) => {
        return recordRows(backend, conversation, this.#calls.host, { rows, turn });
      },
    });
  }

  /**
   * What was used in the conversation: all of it, or by turn, model or day (of UTC).
   *
   * @throws TypeError for an unknown option. SessionError as {@link recordUsage}.
   * @example
   * ```ts
   * const { requests, totalTokens } = await session.usage();
   * for (const { day, model, outputTokens } of await session.usage({ by: ['day', 'model'] }))
   *   console.log(day, model, outputTokens);
   * ```
   */
  usage(options?: UsagePeriod & { by?: undefined }, runContext?: RunContext<unknown>): Promise<UsageCounts>;
  usage(options: Grouped<SessionUsageOptions>, runContext?: RunContext<unknown>): Promise<UsageSum[]>;
  usage(
    options: SessionUsageOptions = {},
    runContext?: RunContext<unknown>,
  ): Promise<UsageCounts | UsageSum[]> {
    return this.#calls.perform<ReturnType<typeof usageQuery>, UsageCounts | UsageSum[]>('usage', runContext, {
      options,
      optionChecks: usageChecks(SESSION_USAGE_GROUPS),
      check: () => usageQuery(options),
      work: (backend, { storedId }, query) =>
        whenReady(usageOf(backend).sum({ ...query, sessionId: storedId }), (sums) =>
          options.by === undefined ? usageTotals(sums) : shownSums(sums, query.by),
        ),
    });
  }
}

/** Keeps what responses used with a conversation, and its newest turn if no other is meant. */
export function recordRows(
  backend: SessionBackend,
  conversation: Conversation,
  host: SessionHost,
  { rows, turn }: Pick<UsageBatch, 'rows' | 'turn'>,
): Awaitable<void> {
  if (rows.length === 0) return;
  const { storedId } = conversation;
  const tenant = givenIds(storedId).tenant ?? '';
  const record = (id: string | undefined) =>
    usageOf(backend).record({ sessionId: storedId, tenant, turn: id, rows });
  return turn === undefined ? whenReady(newestTurn(backend, conversation, host), record) : record(turn);
}

function newestTurn(
  backend: SessionBackend,
  { storedId, codec }: Conversation,
  host: SessionHost,
): Awaitable<string | undefined> {
  if (!host.history) return undefined;
  const history = new StoredHistory(storedId, codec, host);
  return whenReady(history.turns(backend, { limit: 1 }), ({ data: [turn] }) => turn?.id);
}

/** @throws SessionError `UNSUPPORTED` */
export function usageOf({ usage }: SessionBackend): UsageVerbs {
  if (usage) return usage;
  throw new SessionError('UNSUPPORTED', 'This store keeps no usage of models.');
}
