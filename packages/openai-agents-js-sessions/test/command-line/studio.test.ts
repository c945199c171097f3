// What the command adds to the studio itself: the address, what is allowed, and the one line where the package is missing.
import { expect, test } from 'vitest';
import { startSessions } from '../run-sessions.js';
import { sampleFolder } from './sample-database.js';

const { url } = await sampleFolder();

/** Starts the command and waits for its address. */
async function started(...args: string[]) {
  const { program, ending } = startSessions(['studio', ...args]);
  const address = await new Promise<string>((resolve, reject) => {
    program.stdout?.once('data', (line: string) => resolve(line.trim()));
    ending.then(({ stderr }) => reject(new Error(stderr)));
  });
  const { origin, hash } = new URL(address);
  const shown = new URLSearchParams(hash.slice(1));
  const ask = async (path: string, token = shown.get('token')) =>
    fetch(`${origin}/api/${path}`, { headers: { authorization: `Bearer ${token}` } });
  return {
    open: shown.get('open'),
    origin,
    ask,
    async end() {
      program.kill('SIGINT');
      return ending;
    },
  };
}

const idsIn = async (answer: Response) =>
  ((await answer.json()) as { data: { id: string }[] }).data.map(({ id }) => id).sort();

test('prints an address of this machine with a token, and shows what is there until it is ended', async () => {
  const { ask, end, open, origin } = await started('--open', 'chat_123', url);
  expect(new URL(origin).hostname).toBe('127.0.0.1');
  expect(open).toBe('chat_123');
  expect(await idsIn(await ask('sessions'))).toEqual(['chat_123', 'chat_456', 'other']);
  expect(await (await ask('about')).json()).toMatchObject({ readOnly: true });
  expect((await ask('sessions', 'x')).status).toBe(401);
  const { code, stdout, stderr } = await end();
  expect(code).toBe(0);
  expect(stdout.split('\n')).toHaveLength(2);
  expect(stderr).toContain('Whoever has it can see the conversations');
});

test('--tenant shows those of a tenant alone, --write lets change them', async () => {
  const { ask, end } = await started('--tenant', 'acme', '--write', url);
  expect(await idsIn(await ask('sessions'))).toEqual(['chat_1']);
  expect(await (await ask('about')).json()).toMatchObject({ readOnly: false, tenant: 'acme' });
  expect((await end()).stderr).toContain('see and change');
});

test('a database that is not there is not made', async () => {
  const { ending } = startSessions(['studio', 'sqlite:./nowhere.db']);
  expect(await ending).toMatchObject({ code: 3, stdout: '' });
});
