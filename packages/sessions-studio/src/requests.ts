import type { SessionListOptions, SessionWindow } from '@stackone/sessions-core';

/** What a request asked for in a way that makes no sense. */
export class WrongRequest extends Error {}

/** The query of a request. */
export class Query {
  readonly #parameters: URLSearchParams;

  constructor(request: Request) {
    this.#parameters = new URL(request.url).searchParams;
  }

  text(name: string): string | undefined {
    return this.#parameters.get(name) || undefined;
  }

  needed(name: string): string {
    const value = this.text(name);
    if (value === undefined) throw new WrongRequest(`The request needs "${name}".`);
    return value;
  }

  number(name: string, most: number): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = Number(text);
    if (!Number.isInteger(value) || value < 1 || value > most)
      throw new WrongRequest(`"${name}" must be a whole number from 1 to ${most}.`);
    return value;
  }

  word<const Word extends string>(name: string, words: readonly Word[]): Word | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const word = words.find((one) => one === text);
    if (word === undefined) throw new WrongRequest(`"${name}" must be one of ${words.join(', ')}.`);
    return word;
  }
}

/** Which conversations are listed. */
export function listOptions(query: Query): SessionListOptions {
  const days = query.number('days', 36_500);
  return {
    by: query.word('by', ['changed', 'created', 'id']),
    order: query.word('order', ['asc', 'desc']),
    idPrefix: query.text('search'),
    after: query.text('after'),
    limit: query.number('limit', 100) ?? 50,
    changedAfter: days === undefined ? undefined : new Date(Date.now() - days * 86_400_000),
  };
}

/** The window that is asked for, if there is one. */
export function windowIn(query: Query): SessionWindow | undefined {
  const maxCharacters = query.number('toolOutputs', 10_000_000);
  const turns = query.number('turns', 1000);
  const items = query.number('items', 1000);
  if (turns === undefined && items === undefined && maxCharacters === undefined) return undefined;
  const toolOutputs = maxCharacters === undefined ? undefined : { newest: 0, maxCharacters };
  return { turns, items, toolOutputs };
}

/** The fields of the body of a change. */
export async function bodyOf(request: Request): Promise<Readonly<Record<string, unknown>>> {
  const body: unknown = await request.json().catch(() => undefined);
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new WrongRequest('The body must be a JSON object.');
  return body as Record<string, unknown>;
}

/** A text of a body. */
export function textIn(body: Readonly<Record<string, unknown>>, name: string): string {
  const value = body[name];
  if (typeof value !== 'string' || value === '') throw new WrongRequest(`"${name}" must be a text.`);
  return value;
}
