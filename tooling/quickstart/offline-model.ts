import {
  type AgentInputItem,
  type AssistantMessageItem,
  type Model,
  type ModelProvider,
  type ModelRequest,
  type ModelResponse,
  type StreamEvent,
  Usage,
} from '@openai/agents';

/** What every answer says it has used. */
const USED = { requests: 1, inputTokens: 20, outputTokens: 5, totalTokens: 25 };

/**
 * A stand-in for a language model that needs no network. It keeps nothing and knows nothing: it can only look
 * things up in the conversation that a request hands it. Whatever it remembers, a session has remembered for it.
 */
export class OfflineModel implements Model {
  getResponse(request: ModelRequest): Promise<ModelResponse> {
    const output = [assistant(answerTo(request.input))];
    return Promise.resolve({ usage: new Usage(USED), output, providerData: { model: 'offline' } });
  }

  /** The answer word by word. */
  async *getStreamedResponse(request: ModelRequest): AsyncIterable<StreamEvent> {
    const answer = answerTo(request.input);
    yield { type: 'response_started' };
    for (const delta of answer.match(/\s*\S+/g) ?? []) yield { type: 'output_text_delta', delta };
    yield { type: 'response_done', response: { id: 'offline', usage: USED, output: [assistant(answer)] } };
  }
}

/** Gives the {@link OfflineModel} for every model name. */
export class OfflineModelProvider implements ModelProvider {
  readonly #model = new OfflineModel();

  getModel(): Model {
    return this.#model;
  }
}

function assistant(text: string): AssistantMessageItem {
  return {
    type: 'message',
    role: 'assistant',
    status: 'completed',
    content: [{ type: 'output_text', text }],
  };
}

function answerTo(input: ModelRequest['input']): string {
  const said = typeof input === 'string' ? [input] : input.flatMap(userText);
  const latest = said.at(-1)?.trim() ?? '';
  const earlier = said.slice(0, -1);
  const isQuestion = /\?\s*$|^(what|who|where|when|how|which|do|did|can|tell)\b/i.test(latest);
  return isQuestion ? answerFrom(earlier, latest) : acknowledge(latest, said.length);
}

/** The text of a message of the user's; nothing for other items. */
function userText(item: AgentInputItem): string[] {
  if (!('role' in item) || item.role !== 'user') return [];
  if (typeof item.content === 'string') return [item.content];
  return [item.content.flatMap((part) => (part.type === 'input_text' ? [part.text] : [])).join(' ')];
}

/** "my locker number is 4831", up to the end of the clause. */
const FACT = /\bmy ([a-z][a-z ]{0,40}?) (?:is|are) ([^.,;!?]+?)(?= and my\b|[.,;!?]|\s*$)/gi;

function factsIn(text: string): (readonly [subject: string, value: string])[] {
  return Array.from(text.matchAll(FACT), ([, subject = '', value = '']) => [subject.toLowerCase(), value]);
}

function acknowledge(latest: string, count: number): string {
  const facts = factsIn(latest).map(([subject, value]) => `your ${subject} is ${value}`);
  const noted = facts.length > 0 ? `Noted: ${facts.join(', and ')}.` : 'Noted.';
  return `${noted} You have sent ${count === 1 ? 'one message' : `${count} messages`} in this conversation.`;
}

function answerFrom(earlier: readonly string[], question: string): string {
  if (/\bhow (many|often)\b/i.test(question)) {
    return `You sent ${earlier.length} messages before this one.`;
  }
  if (earlier.length === 0) return "This is the first message of the conversation: I can't know that.";
  if (/\b(remember|know about me|i (say|said|tell|told)|so far)\b/i.test(question)) {
    return `You said: ${earlier.map((text) => `“${text}”`).join(' ')}`;
  }
  const facts = new Map(earlier.flatMap(factsIn));
  const subject = /\bmy ([a-z][a-z ]*)/i.exec(question)?.[1]?.trim().toLowerCase();
  const value = subject === undefined ? undefined : facts.get(subject);
  if (value !== undefined) return `Your ${subject} is ${value}.`;
  const related = mostRelated(earlier, question);
  if (related !== undefined) return `Earlier you said: “${related}”`;
  return `I find nothing about that in this conversation, and an offline stand-in has no other knowledge.`;
}

/** The message that shares the most words with the question; the newest of several. */
function mostRelated(earlier: readonly string[], question: string): string | undefined {
  const asked = new Set(words(question));
  let best: { text: string; shared: number } | undefined;
  for (const text of earlier) {
    const shared = words(text).filter((word) => asked.has(word)).length;
    if (shared > 0 && shared >= (best?.shared ?? 1)) best = { text, shared };
  }
  return best?.text;
}

/** Words that carry meaning: short ones are mostly grammar. */
function words(text: string): string[] {
  return Array.from(new Set(text.toLowerCase().match(/[\p{L}\p{N}]{4,}/gu))).filter(
    (word) => !['what', 'where', 'when', 'which', 'have', 'does', 'your', 'this', 'that'].includes(word),
  );
}
