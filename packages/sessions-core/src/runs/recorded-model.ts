import type {
  Model,
  ModelProvider,
  ModelRequest,
  ModelResponse,
  StreamEvent,
  Usage,
} from '@openai/agents-core';
import type { RunJournal } from './run-journal.js';

/** A model's answer as it is kept. */
interface KeptResponse {
  readonly output: ModelResponse['output'];
  readonly usage: Readonly<Record<string, unknown>>;
  readonly responseId?: string | undefined;
  readonly requestId?: string | undefined;
  readonly providerData?: Record<string, unknown> | undefined;
}

type DoneEvent = Extract<StreamEvent, { type: 'response_done' }>;

/** Makes the SDK's objects that hold what was used. */
export type UsageClass = typeof Usage;

/** A model whose answers are kept before the run goes on, and which is not asked for those that are. */
export function recordedModel(model: Model, journal: RunJournal, usageClass: UsageClass): Model {
  return new Proxy(model, {
    get(target, name) {
      if (name === 'getResponse')
        return (request: ModelRequest) => respond(target, request, journal, usageClass);
      if (name === 'getStreamedResponse') return (request: ModelRequest) => stream(target, request, journal);
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** A provider of such models. */
export function recordedProvider(
  provider: ModelProvider,
  journal: RunJournal,
  usageClass: UsageClass,
): ModelProvider {
  return { getModel: async (name) => recordedModel(await provider.getModel(name), journal, usageClass) };
}

async function respond(
  model: Model,
  request: ModelRequest,
  journal: RunJournal,
  usageClass: UsageClass,
): Promise<ModelResponse> {
  if (journal.isOver) return model.getResponse(request);
  const key = journal.nextResponse;
  if (journal.has(key)) {
    journal.responded();
    const { usage, ...kept } = journal.get(key) as KeptResponse;
    return { ...kept, usage: new usageClass(usage as ConstructorParameters<UsageClass>[0]) } as ModelResponse;
  }
  journal.open();
  const response = await model.getResponse(request);
  const { output, usage, responseId, requestId, providerData } = response;
  await journal.keep(key, present({ output, usage: plain(usage), responseId, requestId, providerData }));
  journal.responded();
  return response;
}

async function* stream(
  model: Model,
  request: ModelRequest,
  journal: RunJournal,
): AsyncGenerator<StreamEvent> {
  if (journal.isOver) {
    yield* model.getStreamedResponse(request);
    return;
  }
  const key = journal.nextResponse;
  if (journal.has(key)) {
    journal.responded();
    yield* played(journal.get(key) as KeptResponse);
    return;
  }
  journal.open();
  for await (const event of model.getStreamedResponse(request)) {
    if (event.type === 'response_done') {
      const { output, usage, id, requestId, providerData } = event.response;
      await journal.keep(
        key,
        present({ output, usage: plain(usage), responseId: id, requestId, providerData }),
      );
      journal.responded();
    }
    yield event;
  }
}

/** The events of an answer that is kept: its texts as a whole, and its end. */
function* played({
  output,
  usage,
  responseId,
  requestId,
  providerData,
}: KeptResponse): Generator<StreamEvent> {
  for (const item of output) {
    if (item.type !== 'message' || item.role !== 'assistant') continue;
    for (const part of item.content)
      if (part.type === 'output_text') yield { type: 'output_text_delta', delta: part.text };
  }
  const response = present({ id: responseId ?? '', requestId, usage, output, providerData });
  yield { type: 'response_done', response } as unknown as DoneEvent;
}

/** Without the SDK's classes. */
function plain(usage: object): Readonly<Record<string, unknown>> {
  return JSON.parse(JSON.stringify(usage)) as Readonly<Record<string, unknown>>;
}

function present<Fields extends object>(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Fields;
}
