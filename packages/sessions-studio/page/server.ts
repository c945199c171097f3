import type { Refused } from '../src/wire.ts';
import { hashOf } from './route.ts';

const TOKEN = 'sessions-studio-token';

/** The token of the address that the page was opened by. It is taken out of it, and kept for this tab. */
function takeToken(): string | null {
  const given = new URLSearchParams(location.hash.slice(1));
  const token = given.get('token');
  if (token !== null) {
    sessionStorage.setItem(TOKEN, token);
    const open = given.get('open');
    history.replaceState(null, '', open === null ? '#/' : hashOf(open));
    dispatchEvent(new HashChangeEvent('hashchange'));
  }
  return sessionStorage.getItem(TOKEN);
}

const token = takeToken();
const authorization: Record<string, string> = token === null ? {} : { authorization: `Bearer ${token}` };

/** What the server refused, in its words. */
class ServerRefusal extends Error {
  readonly code: string;

  constructor({ error }: Refused) {
    super(error.message);
    this.code = error.code;
  }
}

type Parameters = Readonly<Record<string, string | number | undefined>>;

/** The address of something that the studio serves: beside this script, as the page may stand at `/studio` without a slash. */
export function fileAddress(path: string): string {
  return new URL(path, import.meta.url).href;
}

function addressOf(path: string, parameters: Parameters): string {
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined && value !== '');
  return fileAddress(
    `api/${path}?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}`,
  );
}

async function answered(path: string, response: Promise<Response>): Promise<Response> {
  const answer = await response.catch((error: unknown) => {
    if (error instanceof DOMException) throw error;
    throw new ServerRefusal({
      error: { code: 'AWAY', message: 'The studio does not answer. Is it still running?' },
    });
  });
  if (answer.ok) return answer;
  const said = (await answer.json().catch(() => undefined)) as Refused | undefined;
  throw new ServerRefusal(
    said ?? { error: { code: 'FAILED', message: `${path} failed with ${answer.status}.` } },
  );
}

/** Asks for something. */
export async function ask<Answer>(
  path: string,
  parameters: Parameters = {},
  signal?: AbortSignal,
): Promise<Answer> {
  const asked = fetch(addressOf(path, parameters), { headers: authorization, signal: signal ?? null });
  return (await (await answered(path, asked)).json()) as Answer;
}

/** Changes something. */
export async function change<Answer>(name: string, body: object): Promise<Answer> {
  const headers = { ...authorization, 'content-type': 'application/json', 'x-sessions-studio': '1' };
  const asked = fetch(fileAddress(`api/${name}`), { method: 'POST', headers, body: JSON.stringify(body) });
  return (await (await answered(name, asked)).json()) as Answer;
}

/** How long it waits before it asks again where the server went away, in ms. */
const AGAIN = 1000;

/**
 * Gives what comes, as it comes and what came together at once, until the signal ends it; where the server goes away it is asked again.
 *
 * @param parameters - Asked for each time: where to go on.
 */
export async function follow<Value>(
  path: string,
  parameters: () => Parameters,
  signal: AbortSignal,
  take: (values: readonly Value[]) => void,
): Promise<void> {
  while (!signal.aborted) {
    try {
      const asked = fetch(addressOf(path, parameters()), { headers: authorization, signal });
      const { body } = await answered(path, asked);
      if (body) await eachPart(body, (lines) => take(lines.map((line) => JSON.parse(line) as Value)));
    } catch (error) {
      if (
        signal.aborted ||
        (error instanceof ServerRefusal && error.code !== 'AWAY' && error.code !== 'FAILED')
      )
        return;
    }
    await new Promise((resolve) => setTimeout(resolve, AGAIN));
  }
}

async function eachPart(
  body: ReadableStream<Uint8Array>,
  take: (lines: readonly string[]) => void,
): Promise<void> {
  const reader = body
    .pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)
    .getReader();
  let rest = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const parts = (rest + value).split('\n');
    rest = parts.pop() ?? '';
    const lines = parts.filter((line) => line !== '');
    if (lines.length > 0) take(lines);
  }
}
