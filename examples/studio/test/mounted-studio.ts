import { expect } from 'vitest';

/** The studio of this example in some server, asked as the page of a user asks it. */
export class MountedStudio {
  readonly #origin: string;

  constructor(origin: string) {
    this.#origin = origin;
  }

  get(path: string, cookie = 'user=ada', headers = {}): Promise<Response> {
    return fetch(`${this.#origin}/studio${path}`, { headers: { cookie, ...headers } });
  }

  post(name: string, body: object, cookie = 'user=ada', from = this.#origin): Promise<Response> {
    return fetch(`${this.#origin}/studio/api/${name}`, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { cookie, origin: from, 'content-type': 'application/json', 'x-sessions-studio': '1' },
    });
  }

  /** Each sees `of_acme` or `of_other`, the conversation of his company, and no other. */
  async expectOwnConversations(): Promise<void> {
    for (const [cookie, id] of [
      ['user=ada', 'of_acme'],
      ['user=bob', 'of_other'],
    ] as const) {
      const { data } = (await (await this.get('/api/sessions', cookie)).json()) as { data: { id: string }[] };
      expect(data.map((one) => one.id)).toEqual([id]);
    }
    expect((await this.get('/api/session?id=of_other')).status).toBe(404);
  }

  /** Who is not known, other origins, and changes of who may only read are refused. */
  async expectRefusals(): Promise<void> {
    const evil = 'https://evil.example';
    expect((await this.get('/api/sessions', 'user=eve')).status).toBe(401);
    expect((await this.get('/api/sessions', 'user=ada', { origin: evil })).status).toBe(403);
    expect((await this.post('title', { id: 'of_acme', title: 'x' }, 'user=ada', evil)).status).toBe(403);
    expect((await this.post('title', { id: 'of_other', title: 'x' }, 'user=bob')).status).toBe(403);
  }

  /**
   * Watches until a text comes.
   *
   * @param texts - One after the other.
   * @param query - Of the request.
   * @param write - Writes the last one; called when those before it were there.
   */
  async expectToTell(query: string, texts: readonly string[], write: () => Promise<unknown>): Promise<void> {
    const { body } = await this.get(`/api/watch?${query}`);
    const reader = body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    for (const [at, wanted] of texts.entries()) {
      if (at === texts.length - 1) await write();
      while (!text.includes(wanted)) text += (await reader?.read())?.value ?? '';
    }
    await reader?.cancel();
  }
}
