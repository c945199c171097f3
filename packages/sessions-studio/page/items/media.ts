import { type Fields, fieldsOf, textField } from './fields.ts';

/** A picture, a file or a sound of an item. */
export interface Media {
  /** What the item calls it: `image`, `file`, `audio`. */
  readonly kind: string;
  readonly name?: string | undefined;
  /** Like `image/png`. */
  readonly type?: string | undefined;
  /** Its content as a `data:` address, where the item holds it. */
  readonly data?: string | undefined;
  /** Where it is instead, at another host: it is not asked for. */
  readonly place?: string | undefined;
}

/** What of a long text was cut off by the server. */
const CUT_OFF = /… \((\d+) more characters\)$/;
const MEDIA_TYPE = /^[a-z]+\/[\w.+-]+$/i;

/** What a part of a message or of an output is, if it is no text. */
export function mediaOf(part: Fields): Media {
  const kind = (textField(part, 'type') ?? 'part').replace(/^(input|output|computer)_/, '');
  const source = part.image ?? part.file ?? part.audio ?? part.data;
  const held = fieldsOf(source);
  const text = typeof source === 'string' ? source : (textField(held, 'url') ?? base64Of(held.data));
  const name = textField(part, 'filename') ?? textField(held, 'filename');
  const format = textField(part, 'format');
  const given = textField(held, 'mediaType') ?? (format && `${kind}/${format}`);
  const [, ownType] = /^data:([^;,]*)/.exec(text ?? '') ?? [];
  const type = [ownType, given].find((one) => one !== undefined && MEDIA_TYPE.test(one));
  if (text !== undefined && /^https?:/i.test(text)) return { kind, name, type, place: text };
  if (text === undefined || text === '') return { kind, name, type };
  if (ownType !== undefined) return { kind, name, type, data: text };
  return type !== undefined && /^[\w+/-]+=*(…|$)/.test(text)
    ? { kind, name, type, data: `data:${type};base64,${text}` }
    : { kind, name, type };
}

/** Bytes in an item: base64, or what the store writes for a `Uint8Array`. */
function base64Of(data: unknown): string | undefined {
  if (typeof data === 'string') return data;
  const escaped = fieldsOf(data).$sessions;
  const [tag, value] = Array.isArray(escaped) ? (escaped as unknown[]) : [];
  return tag === 'Uint8Array' && typeof value === 'string' ? value : undefined;
}

/** Whether only the beginning of a text is here. */
export function isCutOffText(text: string): boolean {
  return CUT_OFF.test(text);
}

/** Whether only the beginning of its content is here. */
export function isCutOff({ data }: Media): boolean {
  return data !== undefined && isCutOffText(data);
}

/** How large its content is about, in bytes. */
export function sizeOf({ data = '' }: Media): number {
  const [mark = '', left = 0] = CUT_OFF.exec(data) ?? [];
  return Math.floor((data.length - data.indexOf(',') - 1 - mark.length + Number(left)) * 0.75);
}

/** Its bytes. They are of no type that a browser would open. */
export function bytesOf({ data = '' }: Media): Blob {
  const comma = data.indexOf(',');
  const content = data.slice(comma + 1);
  const bytes = data.slice(0, comma).endsWith(';base64')
    ? Uint8Array.from(atob(content), (one) => one.charCodeAt(0))
    : new TextEncoder().encode(decodeURIComponent(content));
  return new Blob([bytes], { type: 'application/octet-stream' });
}

/** The name under which it is saved. */
export function fileNameOf({ name, kind, type }: Media): string {
  return name ?? `${kind}.${type?.replace(/^.*\/|\+.*$/g, '') ?? 'bin'}`;
}
