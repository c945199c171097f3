import {
  Agent,
  type AgentInputItem,
  type AgentOutputType,
  type Model,
  Runner,
  type Session,
  type StreamedRunResult,
  tool,
} from '@openai/agents-core';
import {
  assistantMessage,
  functionCall,
  modelError,
  ScriptedModel,
  type ScriptedModelInput,
} from '@openai/agents-core/testing';
import { z } from 'zod';

/** What a situation led to: how its run ended, and which kinds of items are stored. */
export interface Aftermath {
  readonly ended: string;
  readonly stored: string;
}

type Stream = StreamedRunResult<unknown, Agent<unknown, AgentOutputType>>;

/** What happens in a run, and how it is begun. */
interface Situation {
  readonly script: readonly ScriptedModelInput[];
  /** In place of the model that plays the script. */
  readonly model?: (abort: AbortController) => Model;
  readonly agent?: Partial<ConstructorParameters<typeof Agent>[0]>;
  /** What the tool does. */
  readonly work?: (abort: AbortController) => unknown;
  readonly tool?: object;
  readonly options?: object;
  /** Changes the session before the run. */
  readonly session?: (session: Session) => Session;
  /** Reads a stream; all of it, where this is not given. */
  readonly reads?: (stream: Stream) => Promise<unknown>;
  readonly streamOnly?: true;
}

const CALL = [functionCall('weather', { city: 'Oslo' }, { callId: 'c1' })];
const CALL_AGAIN = [functionCall('weather', { city: 'Rome' }, { callId: 'c2' })];
const ANSWER = [assistantMessage('Sunny.', { id: 'm1' })];
const FAILS = modelError(new Error("the model's error"));
const TRIPS = { name: 'guard', execute: async () => ({ tripwireTriggered: true, outputInfo: {} }) };

/** A failure of the store in the first call of a method. */
const failsOnce =
  (method: 'addItems' | 'getItems') =>
  (session: Session): Session => {
    let failed = false;
    return new Proxy(session, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== 'function') return value;
        return async (...args: unknown[]) => {
          if (name === method && !failed) {
            failed = true;
            throw new Error("the store's error");
          }
          return Reflect.apply(value, target, args) as unknown;
        };
      },
    });
  };

/** A model whose call ends with an error when the signal aborts, as that of a client for HTTP does. */
function modelThatIsAborted(abort: AbortController): Model {
  const call = (signal: AbortSignal | undefined) =>
    new Promise<never>((_, reject) => {
      signal?.addEventListener('abort', () => reject(new Error("the model's error")));
      abort.abort();
    });
  return {
    getResponse: ({ signal }) => call(signal),
    async *getStreamedResponse({ signal }) {
      yield await call(signal);
    },
  };
}

const untilEvent = (name: string) => async (stream: Stream) => {
  for await (const event of stream) {
    if (event.type === 'run_item_stream_event' && event.name === name) break;
  }
};

/** The situations of the page "When a run fails or the client leaves", by the words of its first table. */
const SITUATIONS: Readonly<Record<string, Situation>> = {
  'The run succeeds': { script: [CALL, ANSWER] },
  'The model fails in its first call': { script: [FAILS] },
  'The model fails after a tool has run': { script: [CALL, FAILS] },
  'A tool throws': {
    script: [CALL, ANSWER],
    work: () => {
      throw new Error('no weather');
    },
  },
  'A tool throws and has `errorFunction: null`': {
    script: [CALL, ANSWER],
    tool: { errorFunction: null },
    work: () => {
      throw new Error('no weather');
    },
  },
  'The run takes more turns than `maxTurns`': {
    script: [CALL, CALL_AGAIN, ANSWER],
    options: { maxTurns: 2 },
  },
  'An input guardrail refuses the message': { script: [ANSWER], agent: { inputGuardrails: [TRIPS] } },
  'An output guardrail refuses the answer': { script: [ANSWER], agent: { outputGuardrails: [TRIPS] } },
  'An output guardrail refuses the answer after a tool': {
    script: [CALL, ANSWER],
    agent: { outputGuardrails: [TRIPS] },
  },
  'The signal aborts while the model works': { script: [], model: modelThatIsAborted },
  'The signal aborts while a tool works': { script: [CALL, ANSWER], work: (abort) => abort.abort() },
  'The reader leaves the stream before a tool has run': {
    script: [CALL, ANSWER],
    streamOnly: true,
    reads: async (stream) => {
      for await (const _ of stream) break;
    },
  },
  'The reader leaves the stream after a tool has run': {
    script: [CALL, ANSWER],
    streamOnly: true,
    reads: untilEvent('tool_output'),
  },
  'Nobody reads the stream': { script: [CALL, ANSWER], streamOnly: true, reads: async () => undefined },
  'A tool waits for an approval': { script: [CALL, ANSWER], tool: { needsApproval: true } },
  'The history cannot be read': { script: [ANSWER], session: failsOnce('getItems') },
  'The turn cannot be stored': { script: [CALL, ANSWER], session: failsOnce('addItems') },
};

/** A run that fails, and what is done after it. */
interface Repetition {
  readonly first: Situation;
  readonly streamed: boolean;
  readonly next: (again: Again) => Promise<unknown>;
}

interface Again {
  readonly session: Session;
  /** One more run; of a text, of nothing, or of a state. */
  readonly run: (input: unknown) => Promise<unknown>;
  /** The state of the stream. */
  readonly streamState: unknown;
  /** The state that the error of the first run carries. */
  readonly errorState: unknown;
}

const QUESTION = 'What is the weather?';

/** What is done again, by the words of the second table: situation, then what you do. */
const REPETITIONS: Readonly<Record<string, Repetition>> = {
  'A run without `stream` failed: `run(agent, text, { session })`': {
    first: { script: [FAILS, ANSWER] },
    streamed: false,
    next: ({ run }) => run(QUESTION),
  },
  'A stream failed: `run(agent, text, { session })`': {
    first: { script: [FAILS, ANSWER] },
    streamed: true,
    next: ({ run }) => run(QUESTION),
  },
  'A stream failed: `run(agent, [], { session })`': {
    first: { script: [FAILS, ANSWER] },
    streamed: true,
    next: ({ run }) => run([]),
  },
  'A stream failed: `popItem()`, then the run': {
    first: { script: [FAILS, ANSWER] },
    streamed: true,
    next: async ({ session, run }) => {
      await session.popItem();
      await run(QUESTION);
    },
  },
  'A stream was cancelled after a tool had run: `run(agent, stream.state, ...)`': {
    first: { script: [CALL, ANSWER], reads: untilEvent('tool_output') },
    streamed: true,
    next: ({ run, streamState }) => run(streamState),
  },
  'A stream went beyond `maxTurns`: `run(agent, error.state, ...)`': {
    first: { script: [CALL, CALL_AGAIN, ANSWER], options: { maxTurns: 2 } },
    streamed: true,
    next: ({ run, errorState }) => run(errorState),
  },
  'A run without `stream` went beyond `maxTurns`: `run(agent, error.state, ...)`': {
    first: { script: [CALL, CALL_AGAIN, ANSWER], options: { maxTurns: 2 } },
    streamed: false,
    next: ({ run, errorState }) => run(errorState),
  },
  'The turn of a stream could not be stored: `run(agent, stream.state, ...)`': {
    first: { script: [CALL, ANSWER], session: failsOnce('addItems') },
    streamed: true,
    next: ({ run, streamState }) => run(streamState),
  },
  'The turn could not be stored: `run(agent, text, { session })`': {
    first: { script: [CALL, ANSWER, CALL, ANSWER], session: failsOnce('addItems') },
    streamed: false,
    next: ({ run }) => run(QUESTION),
  },
  'A call waits for an approval, and the user writes instead: `run(agent, text, { session })`': {
    first: { script: [CALL, ANSWER], tool: { needsApproval: true } },
    streamed: false,
    next: ({ run }) => run('Forget it.'),
  },
};

/** The names of the situations in which a run may fail, as the page has them. */
export const FAILURES: readonly string[] = Object.keys(SITUATIONS);

/** The names of what can be done after it. */
export const ATTEMPTS: readonly string[] = Object.keys(REPETITIONS);

/** Tells whether a situation only exists with a stream. */
export const needsStream = (name: string): boolean => SITUATIONS[name]?.streamOnly === true;

/**
 * Lets a run fail.
 *
 * @param name - One of {@link FAILURES}.
 * @param session - A conversation that nobody has used.
 */
export async function playFailure(name: string, session: Session, streamed: boolean): Promise<Aftermath> {
  const situation = SITUATIONS[name];
  if (!situation) throw new Error(`there is no situation "${name}"`);
  const { ended } = await begin(situation, session, streamed);
  return { ended, stored: kinds(await session.getItems()) };
}

/**
 * Lets a run fail, and does what the page says.
 *
 * @param name - One of {@link ATTEMPTS}.
 * @returns Which kinds of items are stored in the end.
 */
export async function playAttempt(name: string, session: Session): Promise<string> {
  const repetition = REPETITIONS[name];
  if (!repetition) throw new Error(`there is no attempt "${name}"`);
  const { first, streamed, next } = repetition;
  const { again } = await begin(first, session, streamed);
  await next(again);
  return kinds(await session.getItems());
}

/** Two runs of one message that begin with the same history. */
export async function playDoubledMessage(session: Session): Promise<string> {
  const script = [ANSWER, [assistantMessage('Still sunny.', { id: 'm2' })]];
  const agent = new Agent({ name: 'Guide', model: new ScriptedModel(script) });
  const runner = new Runner({ tracingDisabled: true });
  await Promise.all([runner.run(agent, QUESTION, { session }), runner.run(agent, QUESTION, { session })]);
  return kinds(await session.getItems());
}

async function begin(
  situation: Situation,
  given: Session,
  streamed: boolean,
): Promise<{ ended: string; again: Again }> {
  const abort = new AbortController();
  const model = situation.model?.(abort) ?? new ScriptedModel([...situation.script]);
  const weather = tool({
    name: 'weather',
    description: 'Weather of a city',
    parameters: z.object({ city: z.string() }),
    ...situation.tool,
    execute: async () => (await situation.work?.(abort)) ?? 'sunny',
  });
  const agent = new Agent({ name: 'Guide', model, tools: [weather], ...situation.agent } as never) as Agent;
  const runner = new Runner({ tracingDisabled: true });
  const session = situation.session?.(given) ?? given;
  const options = { session, signal: abort.signal, ...situation.options };
  const run = async (input: unknown) => {
    if (!streamed) return runner.run(agent, input as string, { session, maxTurns: 9 });
    const stream = await runner.run(agent, input as string, { session, maxTurns: 9, stream: true });
    return stream.completed;
  };
  let ended: string;
  let streamState: unknown;
  let errorState: unknown;
  try {
    if (streamed) {
      const stream = (await runner.run(agent, QUESTION, { ...options, stream: true })) as Stream;
      streamState = stream.state;
      await (situation.reads ?? untilEvent('the end of it'))(stream);
      await stream.completed;
      ended = stream.cancelled ? 'resolves, cancelled' : resolved(stream);
    } else {
      ended = resolved(await runner.run(agent, QUESTION, options));
    }
  } catch (error) {
    const { name, message, state } = error as Error & { state?: unknown };
    ended = `rejects: ${name === 'Error' ? message : name}`;
    errorState = state;
  }
  return { ended, again: { session, run, streamState, errorState } };
}

const resolved = ({ interruptions }: { interruptions: readonly unknown[] }) =>
  interruptions.length > 0 ? 'resolves, interrupted' : 'resolves';

/** The kinds of items, in the words of the page. */
function kinds(items: readonly AgentInputItem[]): string {
  const words = items.map((item) => {
    if (item.type === 'function_call') return 'call';
    if (item.type === 'function_call_result') return 'result';
    return 'role' in item && item.role === 'user' ? 'user' : 'answer';
  });
  return words.join(', ') || 'nothing';
}
