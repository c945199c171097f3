/** What the server refused, in words for the user. */
export class Refusal extends Error {}

/** Who is logged in, as the server wants to hear it. */
const who = () => ({
  'x-tenant': sessionStorage.getItem('tenant') ?? '',
  'x-user': sessionStorage.getItem('user') ?? '',
});

async function request(method, path, body) {
  const headers = { ...who(), ...(body && { 'content-type': 'application/json' }) };
  const response = await fetch(`/api/${path}`, {
    method,
    headers,
    ...(body && { body: JSON.stringify(body) }),
  });
  if (response.ok) return response;
  const { message } = await response.json().catch(() => ({ message: 'That did not work. Try again.' }));
  throw new Refusal(message);
}

/** Asks for something, and gives what the server says, if it says anything. */
export async function call(method, path, body) {
  const response = await request(method, path, body);
  return response.status === 204 ? undefined : response.json();
}

/**
 * Asks for an answer, and tells of each event of it: `{ type, ...data }`. The server goes on when this page is closed.
 *
 * @throws Refusal if there is none.
 */
export async function listen(path, body, tell) {
  const response = await request('POST', path, body);
  let unread = '';
  for await (const words of response.body.pipeThrough(new TextDecoderStream())) {
    const events = (unread + words).split('\n\n');
    unread = events.pop() ?? '';
    for (const event of events) {
      const [, type, data] = /^event: (\w+)\ndata: (.*)$/.exec(event) ?? [];
      if (type === 'error') throw new Refusal(JSON.parse(data).message);
      tell({ type, ...JSON.parse(data) });
    }
  }
}
