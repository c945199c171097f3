import type { AgentInputItem } from '@openai/agents-core';

/** A file, image or sound in a message or in the result of a tool. */
export interface MessageFile {
  readonly kind: 'image' | 'file' | 'audio';
  /** Where it is: a URL of any scheme, `data:` too. */
  readonly url?: string;
  /** Its id at OpenAI. */
  readonly id?: string;
  /** What it holds, in base64. */
  readonly data?: string;
  /** What the file is called. */
  readonly name?: string;
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * The text of an item, whichever way it is stored: what was said in a message (a refusal and what was transcribed
 * too), what a tool answered, what a model thought. Its parts are joined without anything between them.
 *
 * @returns The text; empty for an item that has none, like a call.
 * @example
 * ```ts
 * textOf({ role: 'user', content: 'Hello' }); // 'Hello'
 * textOf({ role: 'user', content: [{ type: 'input_text', text: 'Hello' }] }); // 'Hello'
 * ```
 */
export function textOf(item: AgentInputItem): string {
  return partsOf(item).map(textOfPart).join('');
}

/** The files, images and sounds in an item. */
export function filesOf(item: AgentInputItem): MessageFile[] {
  return partsOf(item).flatMap((part) => fileIn(part) ?? []);
}

/** What an item says, part by part; text by itself is a part of one text. */
function partsOf(item: AgentInputItem): Fields[] {
  const { content, output } = item as unknown as Fields;
  const said = content ?? output;
  const parts: readonly unknown[] = Array.isArray(said) ? said : [said];
  return parts.flatMap((part) => {
    if (typeof part === 'string') return [{ text: part }];
    return typeof part === 'object' && part !== null ? [part as Fields] : [];
  });
}

/** A shell has two texts in each part. */
function textOfPart({ text, refusal, transcript, stdout, stderr }: Fields): string {
  const texts = [text, refusal, transcript, stdout, stderr];
  return texts.filter((one) => typeof one === 'string').join('');
}

function fileIn({ type, image, file, audio, data, filename }: Fields): MessageFile | undefined {
  const name = typeof filename === 'string' ? { name: filename } : {};
  switch (type) {
    case 'image':
    case 'input_image':
      return { kind: 'image', ...sourceOf(image) };
    case 'computer_screenshot':
      return { kind: 'image', ...sourceOf(data) };
    case 'file':
    case 'input_file':
      return { kind: 'file', ...sourceOf(file), ...name };
    case 'audio':
      return { kind: 'audio', ...sourceOf(audio) };
    default:
      return undefined;
  }
}

function sourceOf(given: unknown): Pick<MessageFile, 'url' | 'id' | 'data' | 'name'> {
  if (typeof given === 'string') return /^[a-z][a-z\d+.-]*:/i.test(given) ? { url: given } : { data: given };
  if (given instanceof Uint8Array) return { data: Buffer.from(given).toString('base64') };
  if (typeof given !== 'object' || given === null) return {};
  const { id, fileId, url, data, filename } = given as Fields;
  return {
    ...(typeof url === 'string' && { url }),
    ...(typeof (id ?? fileId) === 'string' && { id: (id ?? fileId) as string }),
    ...(data !== undefined && data !== null && sourceOf(data)),
    ...(typeof filename === 'string' && { name: filename }),
  };
}
