import type { ModelResponse, Usage } from '@openai/agents-core';
import { CALL_LIMIT_CHECKS, type CallLimits } from '../port/call-limits.js';
import { digestOf } from '../port/digest.js';
import { isFilledText, isList, isOptionsObject, type OptionCheck, readArgument } from '../port/options.js';
import { USAGE_COUNTS, type UsageCounts, type UsageRow } from '../port/usage.js';

/** What `recordUsage` looks at: the result of a run, streamed or not. */
export interface RunUsage {
  /** The responses of the models. */
  readonly rawResponses: readonly ModelResponse[];
  /** The state of the run, with what all of it used. */
  readonly state: { readonly usage: Usage };
  /** The agent that answered: its model, where a response does not name one. */
  readonly lastAgent?: { readonly model?: unknown } | undefined;
}

/** What `recordUsage` takes besides the result. */
export interface RecordUsageOptions extends CallLimits {
  /** The model, where a response does not name it. Default: that of the agent that answered, if it is a text. */
  model?: string | undefined;
  /**
   * Names the run, the same when the call is repeated, for providers whose responses have no ids. Default: each response object
   * counts once in this process.
   */
  operationId?: string | undefined;
  /** The turn that it belongs to: its id. Default: the newest one when it is recorded. */
  turn?: string | undefined;
}

/** The checks of {@link RecordUsageOptions}. */
export const RECORD_USAGE_CHECKS: Readonly<Record<keyof RecordUsageOptions, OptionCheck>> = {
  model: (value) => (modelName(value) === '' ? 'a text of 1 to 255 characters' : undefined),
  operationId: isFilledText,
  turn: isFilledText,
  ...CALL_LIMIT_CHECKS,
};

/**
 * What a run used, as rows: one for each response, and one for what else the run used (agents that are tools of others,
 * attempts that failed).
 *
 * @throws TypeError for anything else than the result of a run.
 */
export function usageRows(result: RunUsage, options: RecordUsageOptions): readonly UsageRow[] {
  return readArgument('recordUsage: the first argument must be what run() returned.', () =>
    rowsOf(result, options),
  );
}

function rowsOf(result: RunUsage, options: RecordUsageOptions): readonly UsageRow[] {
  const { rawResponses, state, lastAgent } = result;
  if (!isList(rawResponses) || typeof state.usage !== 'object') throw new TypeError('not a run');
  const fallback = options.model ?? modelName(lastAgent?.model);
  const ids = idsOf(rawResponses);
  const responses = rawResponses.map((response, index) => ({
    key: keyOf(response, ids[index], index, options.operationId),
    model: modelOf(response) || fallback,
    ...countsOf(response.usage),
  }));
  const all = countsOf(state.usage);
  const rest = mapped((name) =>
    Math.max(all[name] - responses.reduce((sum, response) => sum + response[name], 0), 0),
  );
  if (USAGE_COUNTS.every((name) => rest[name] === 0)) return responses;
  // by the first response: a run that goes on later has the same one, and what it used by then replaces this
  const run = responses[0]?.key ?? keyOf(state, undefined, 0, options.operationId);
  return [...responses, { key: digestOf(`rest:${run}`), model: fallback, ...rest }];
}

/** Keys of what has no id, by the object itself. */
const KEYS = new WeakMap<object, string>();

function keyOf(
  response: object,
  id: string | undefined,
  index: number,
  operationId: string | undefined,
): string {
  if (id !== undefined) return digestOf(`id:${id}`);
  if (operationId !== undefined) return digestOf(`operation:${index}:${operationId}`);
  const known =
    KEYS.get(response) ?? digestOf(`object:${process.getBuiltinModule('node:crypto').randomUUID()}`);
  KEYS.set(response, known);
  return known;
}

/** The ids of responses. Adapters of the SDK write 'FAKE_ID' where a provider gives none; one that comes again is none either. */
function idsOf(responses: readonly ModelResponse[]): readonly (string | undefined)[] {
  const ids = responses.map(({ responseId }) => responseId);
  return ids.map((id) =>
    typeof id !== 'string' || id === '' || id === 'FAKE_ID' || ids.indexOf(id) !== ids.lastIndexOf(id)
      ? undefined
      : id,
  );
}

/** As the adapters of the SDK hand on what OpenAI, and what the AI SDK answers. */
function modelOf({ providerData }: ModelResponse): string {
  const response: unknown = providerData?.response;
  return (
    modelName(providerData?.model) || modelName(isOptionsObject(response) ? response.modelId : undefined)
  );
}

/** What a name of a model is stored as; empty for what cannot be one. */
function modelName(value: unknown): string {
  const isName = typeof value === 'string' && value.isWellFormed() && !value.includes('\0');
  return isName && Array.from(value).length <= 255 ? value : '';
}

function countsOf(usage: Usage): UsageCounts {
  const { inputTokensDetails, outputTokensDetails } = usage;
  const counts = {
    requests: usage.requests,
    inputTokens: usage.inputTokens,
    outputTokens: usage.outputTokens,
    totalTokens: usage.totalTokens,
    cachedTokens: detailOf(inputTokensDetails, 'cached_tokens'),
    reasoningTokens: detailOf(outputTokensDetails, 'reasoning_tokens'),
  };
  return mapped((name) => wholeNumber(counts[name]));
}

function detailOf(details: unknown, name: string): number {
  const list: unknown[] = isList(details) ? [...details] : [];
  return list.reduce<number>((sum, one) => sum + (isOptionsObject(one) ? wholeNumber(one[name]) : 0), 0);
}

function wholeNumber(value: unknown): number {
  const isCount = typeof value === 'number' && value > 0 && Number.isFinite(value);
  return isCount ? Math.min(Math.round(value), Number.MAX_SAFE_INTEGER) : 0;
}

function mapped(count: (name: keyof UsageCounts) => number): UsageCounts {
  return Object.fromEntries(USAGE_COUNTS.map((name) => [name, count(name)])) as unknown as UsageCounts;
}
