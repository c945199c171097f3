import type { AgentInputItem } from '@openai/agents-core';
import { callId, callOf, fieldsOf, isMadeByModel, key, typeOf } from '../window/item-partners.js';
import type { HistoryItem } from './history-item.js';
import { filesOf, type MessageFile, textOf } from './text-of.js';

/** A call of a tool, with what came of it. */
export interface MessageToolCall {
  /** The id of the call; absent where the item has none. */
  readonly id?: string;
  /** The tool's name; for tools without a name the type of the call, like `shell_call`. */
  readonly name: string;
  /** What the model passed to it, a JSON text for a function; absent where the call itself is on an older page. */
  readonly arguments?: string;
  /** What it answered, as text; absent while it has not. */
  readonly output?: string;
  /** The files and images that it answered with. */
  readonly files: readonly MessageFile[];
  /** `pending`: there is no result, as the tool is at work or waits for an approval. */
  readonly status: 'pending' | 'completed' | 'incomplete';
}

/** A message as a page shows it. It is plain data, and becomes JSON as it is. */
export interface ChatMessage {
  /** The `id` of the entry of the history that it begins with; absent where items were given. */
  readonly id?: string;
  readonly role: 'user' | 'assistant' | 'system';
  readonly text: string;
  readonly files: readonly MessageFile[];
  /** The calls that a model made, one after the other; such a message has no text. */
  readonly toolCalls: readonly MessageToolCall[];
  /** `pending`: a tool in it has not answered. `incomplete`: the model or a tool was cut off. */
  readonly status: 'pending' | 'completed' | 'incomplete';
  /** Where entries of the history were given. */
  readonly createdAt?: Date;
  /** Where entries of the history were given: the `id` of the turn. */
  readonly turn?: string;
}

type Open<T> = { -readonly [Key in keyof T]: T[Key] };
type OpenMessage = Open<Omit<ChatMessage, 'toolCalls'>> & { toolCalls: Open<MessageToolCall>[] };

/**
 * Makes messages of items, for a page that shows a conversation: what was said, and which tools were called with which
 * results. Calls that follow each other are one message. Reasoning and compaction items are left out.
 *
 * @param items - Items, or entries of a history, oldest first.
 * @example
 * ```ts
 * const { data } = await session.history({ limit: 50 });
 * for (const { role, text, toolCalls } of toMessages(data)) console.log(role, text, toolCalls.length);
 * ```
 */
export function toMessages(items: readonly (AgentInputItem | HistoryItem)[]): ChatMessage[] {
  const messages: OpenMessage[] = [];
  const calls = new Map<string, { call: Open<MessageToolCall>; message: OpenMessage }>();
  let gathering: OpenMessage | undefined;
  const addCall = (call: Open<MessageToolCall>, about: ReturnType<typeof aboutOf>) => {
    if (!gathering) {
      gathering = { ...about, role: 'assistant', text: '', files: [], toolCalls: [], status: 'completed' };
      messages.push(gathering);
    }
    gathering.toolCalls.push(call);
    gathering.status = statusOf(gathering.toolCalls);
    return { call, message: gathering };
  };
  for (const given of items) {
    const item = 'item' in given ? given.item : given;
    const about = aboutOf(given);
    if ('role' in item) {
      gathering = undefined;
      messages.push({ ...about, role: item.role, ...contentOf(item), toolCalls: [], status: endOf(item) });
      continue;
    }
    const fields = fieldsOf(item);
    const resultOf =
      callOf(fields) ?? (fields.type === 'tool_search_output' ? 'tool_search_call' : undefined);
    if (resultOf !== undefined) {
      const { call, message } =
        calls.get(key(resultOf, callId(fields))) ?? addCall(callIn(item, resultOf), about);
      Object.assign(call, { output: textOf(item), files: filesOf(item), status: endOf(item) });
      message.status = statusOf(message.toolCalls);
    } else if (isMadeByModel(item) && item.type !== 'reasoning' && item.type !== 'compaction') {
      const type = typeOf(fields);
      calls.set(key(type, callId(fields)), addCall(callIn(item, type), about));
    }
  }
  return messages;
}

function aboutOf(given: AgentInputItem | HistoryItem): Pick<ChatMessage, 'id' | 'createdAt' | 'turn'> {
  if (!('item' in given)) return {};
  const { id, createdAt, turn } = given;
  return { id, createdAt, ...(turn !== undefined && { turn }) };
}

function contentOf(item: AgentInputItem): Pick<ChatMessage, 'text' | 'files'> {
  return { text: textOf(item), files: filesOf(item) };
}

/** A call of its own item, or what is known of it from its result. */
function callIn(item: AgentInputItem, type: string): Open<MessageToolCall> {
  const fields = fieldsOf(item);
  const id = callId(fields);
  const isCall = fields.type === type;
  const isHosted = type === 'hosted_tool_call';
  const passed = fields.arguments ?? fields.action ?? fields.operation ?? fields.code;
  return {
    ...(typeof id === 'string' && { id }),
    name: typeof fields.name === 'string' ? fields.name : type,
    ...(isCall && passed !== undefined && { arguments: asText(passed) }),
    ...(typeof fields.output === 'string' && { output: fields.output }),
    files: [],
    // what runs at OpenAI has no item for its result
    status: isHosted && fields.name !== 'mcp_approval_request' ? endOf(item) : 'pending',
  };
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function endOf(item: AgentInputItem): 'pending' | 'completed' | 'incomplete' {
  const { status } = fieldsOf(item);
  if (status === 'in_progress') return 'pending';
  return status === 'incomplete' || status === 'failed' ? 'incomplete' : 'completed';
}

function statusOf(calls: readonly MessageToolCall[]): ChatMessage['status'] {
  const has = (status: ChatMessage['status']) => calls.some((call) => call.status === status);
  return has('pending') ? 'pending' : has('incomplete') ? 'incomplete' : 'completed';
}
