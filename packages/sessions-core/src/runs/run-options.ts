import {
  checkOptions,
  isFilledText,
  isOneOf,
  isOptionsObject,
  isWholeNumber,
  type OptionCheck,
  readArgument,
} from '../port/options.js';
import { callsOf, type StoreSession } from '../session/session.js';
import { MAX_STATE_BYTES } from './run-journal.js';
import type { SdkRunOptions } from './run-player.js';

/** What becomes of a run that is begun while another one of the conversation is under way, or waits for a decision. */
type Exclusive = 'reject' | 'wait' | 'takeover' | false;

/** What every call that works on a run takes, besides what `run()` of the SDK takes. */
export interface RunWorkOptions<Context = unknown> extends SdkRunOptions {
  /** The context of the run, as for `run()`. It is not kept: who goes on with a run passes one again. */
  context?: Context | undefined;
  /**
   * For how long the run is held without a sign of life of this process, in ms: after that others may go on with it. Renewed three
   * times as often. Default 60000.
   */
  lease?: number | undefined;
  /**
   * How many bytes are kept of the run at most, all of its steps together, as they are stored: encrypted texts are a third longer.
   * Beyond that the run fails with `ITEM_TOO_LARGE`. Default 10000000.
   */
  maxStateBytes?: number | undefined;
}

/** What `store.runs.start` takes. */
export interface RunStartOptions<Context = unknown> extends RunWorkOptions<Context> {
  /** A session of this store. */
  session: Pick<StoreSession, 'getItems' | 'getSessionId'>;
  /**
   * Names the run, the same where a request is repeated: there is one run with this id, which is joined. 1 to 255 characters, with its
   * tenant. Default: a new one.
   */
  runId?: string | undefined;
  /**
   * What becomes of it while another run of the conversation is under way or waits: `reject` (`RUN_ACTIVE`), `wait` for its end,
   * `takeover` (the other one is cancelled), or `false`: it runs beside it, and nobody minds it. Default `reject`.
   */
  exclusive?: Exclusive | undefined;
}

/** What `store.runs.resume` takes. */
export interface RunResumeOptions<Context = unknown> extends RunWorkOptions<Context> {
  /** The session of the run, where that has options of its own, like a window. Default: one without. */
  session?: Pick<StoreSession, 'getItems' | 'getSessionId'> | undefined;
}

const isSession: OptionCheck = (value) =>
  callsOf(value) ? undefined : 'a session of a store, as store.session(id) makes it';

const START_CHECKS: Readonly<Record<string, OptionCheck>> = {
  session: isSession,
  runId: isFilledText,
  exclusive: isOneOf('reject', 'wait', 'takeover', false),
  lease: isWholeNumber(100),
  maxStateBytes: isWholeNumber(1),
};

const REFUSED = ['conversationId', 'previousResponseId'];

/** The options of a call, with their defaults. */
interface GivenOptions {
  readonly session: unknown;
  readonly runId: string | undefined;
  readonly exclusive: Exclusive;
  readonly lease: number;
  readonly maxStateBytes: number;
  readonly context: unknown;
  readonly stream: boolean;
  /** What is for the SDK. */
  readonly options: SdkRunOptions;
}

/** Takes the options of a call apart. @throws TypeError */
export function readOptions(
  owner: string,
  given: RunResumeOptions & Pick<RunStartOptions, 'runId' | 'exclusive'> & { stream?: boolean | undefined },
): GivenOptions {
  if (!isOptionsObject(given)) throw new TypeError(`${owner}: options must be an object.`);
  const {
    session,
    runId,
    exclusive = 'reject',
    lease = 60_000,
    maxStateBytes = MAX_STATE_BYTES,
    context,
    stream = false,
    ...options
  } = readArgument(`${owner}: options must be an object that can be read.`, () => ({ ...given }));
  checkOptions(owner, { session, runId, exclusive, lease, maxStateBytes }, START_CHECKS);
  const refused = REFUSED.find((name) => (options as Record<string, unknown>)[name] !== undefined);
  if (refused)
    throw new TypeError(
      `${owner}: "${refused}" is for conversations that OpenAI keeps, not for those of a store.`,
    );
  return { session, runId, exclusive, lease, maxStateBytes, context, stream, options } as GivenOptions;
}
