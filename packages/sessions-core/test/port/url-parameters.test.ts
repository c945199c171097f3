import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import {
  aliasOf,
  onlyParameter,
  parseStoreUrl,
  readUrlParameters,
  refusedParameter,
  SERVER_PARAMETERS,
  secondsParameter,
  serverAddresses,
  textParameter,
  wholeNumberParameter,
  wordParameter,
} from '../../src/backend.js';

const parameters = {
  ...SERVER_PARAMETERS,
  name: textParameter,
  wait: wholeNumberParameter(1, 60),
  size: wholeNumberParameter(0),
  mode: wordParameter('on', 'off'),
  keep: onlyParameter(['1'], 'Connections are always kept.'),
  delay: secondsParameter(1),
  label: aliasOf('name'),
  delayMs: aliasOf('delay', wholeNumberParameter(1)),
  passfile: refusedParameter('No file is read. Put the password into the URL.'),
};

const read = (query: string) => readUrlParameters(parseStoreUrl(`postgres://h/db?${query}`), parameters);

function refusal(query: string): unknown {
  try {
    return read(query);
  } catch (error) {
    return error;
  }
}

test('what is known is read, under its first name, without regard to case', () => {
  expect(read('name=a%20b&wait=60&size=0&mode=off&keep=1&password=')).toEqual({
    name: 'a b',
    wait: 60,
    size: 0,
    mode: 'off',
    keep: '1',
    password: '',
  });
  expect(read('LABEL=x&Mode=on')).toEqual({ name: 'x', mode: 'on' });
  expect(read('')).toEqual({});
  expect(read('delay=5')).toEqual({ delay: 5000 });
  expect(read('delayms=5')).toEqual({ delay: 5 });
});

test.each([
  [
    'passfile=/canary',
    'The parameter "passfile" of the URL is refused. No file is read. Put the password into the URL.',
  ],
  ['mode=canary', 'The parameter "mode" of the URL must be one of on, off.'],
  ['mode=ON', 'The parameter "mode" of the URL must be one of on, off.'],
  ['keep=canary', 'The parameter "keep" of the URL must be "1". Connections are always kept.'],
  ['wait=61', 'must be a whole number from 1 to 60.'],
  ['wait=0', 'must be a whole number from 1 to 60.'],
  ['wait=1e1', 'must be a whole number'],
  ['wait= 5', 'must be a whole number'],
  ['size=-1', 'must be a whole number of at least 0.'],
  ['size=99999999999999999999', 'must be a whole number of at least 0.'],
  ['name=', 'The parameter "name" of the URL must be a text that is not empty.'],
  ['name', 'The parameter "name" of the URL must be a text that is not empty.'],
  ['name=canary&name=canary', 'The parameter "name" of the URL is given twice ("label" means the same).'],
  ['name=canary&label=canary', 'The parameter "name" of the URL is given twice'],
  ['delay=0', 'The parameter "delay" of the URL must be a whole number from 1 to 2147483, in seconds.'],
  ['delayMs=1s', 'The parameter "delayMs" of the URL must be a whole number of at least 1.'],
  ['delay=1&delayMs=1', 'The parameter "delay" of the URL is given twice ("delayMs" means the same).'],
  ['host=', 'The parameter "host" of the URL must be a host, or several with commas between them.'],
  [
    'host=canary-a,,canary-b',
    'The parameter "host" of the URL must be a host, or several with commas between',
  ],
  ['port=0', 'The parameter "port" of the URL must be a whole number from 1 to 65535, or one for each host,'],
  ['port=', 'The parameter "port" of the URL must be a whole number from 1 to 65535, or one for each host,'],
  ['port=1,65536', 'The parameter "port" of the URL must be a whole number from 1 to 65535, or one for each'],
  ['nam=canary', 'The URL has a parameter that is not known here ("nam"). Known: host, port,'],
  ['toString=canary', '("toString")'],
  ['a=1&b=canary', '("a", "b")'],
  ['a=1&canary%21=2', 'The URL has a parameter that is not known here. Known:'],
  [`${'canary'.repeat(6)}=2`, 'The URL has a parameter that is not known here. Known:'],
])('?%s is refused: %s', (query, message) => {
  const error = refusal(query);
  expect(error).toMatchObject({ code: 'UNSUPPORTED_URL', message: expect.stringContaining(message) });
  expect(inspect(error, { showHidden: true, depth: 9 })).not.toContain('canary');
});

test('a password with "?" that reads as a query is not repeated', () => {
  // host "u" with port 123 and the query "canary&hunter2@h/db"
  let error: unknown;
  try {
    readUrlParameters(parseStoreUrl('postgres://u:123?canary&hunter2@h/db'), parameters);
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toMatchObject({
    code: 'UNSUPPORTED_URL',
    message: expect.stringContaining('encodeURIComponent'),
  });
  expect(inspect(error, { showHidden: true, depth: 9 })).not.toMatch(/canary|hunter2/);
});

test('refused and unknown names are not among the known ones', () => {
  const { message } = refusal('nam=1') as Error;
  expect(message).toContain(
    'Known: host, port, user, password, name, wait, size, mode, keep, delay, label, delayMs.',
  );
  expect(() => readUrlParameters(parseStoreUrl('memory:?x=1'), {})).toThrow('It takes none.');
});

const addresses = (text: string) => {
  const url = parseStoreUrl(text);
  return serverAddresses(url, readUrlParameters(url, parameters));
};

test('a parameter wins over what stands before the "?"', () => {
  expect(addresses('postgres://u:p@h:1/db?host=[::1]&port=2&user=v&password=q')).toEqual([
    { host: '::1', port: 2, user: 'v', password: 'q' },
  ]);
  expect(addresses('postgres://u:p@h:1/db')).toEqual([{ host: 'h', port: 1, user: 'u', password: 'p' }]);
  expect(addresses('postgres:///db')[0]?.host).toBeUndefined();
});

test.each<[string, readonly string[]]>([
  ['postgres://a,b:2,[::1]:3/db', ['a undefined', 'b 2', '::1 3']],
  ['postgres://a:1,b:2/db?host=c,d', ['c 1', 'd 2']],
  ['postgres://a:1,b/db?host=c,d', ['c 1', 'd undefined']],
  ['postgres://a:1/db?host=c,d', ['c 1', 'd 1']],
  ['postgres:///db?host=c,[::1]', ['c undefined', '::1 undefined']],
  ['postgres:///db?host=c,d&port=5', ['c 5', 'd 5']],
  ['postgres:///db?host=c,d&port=5,6', ['c 5', 'd 6']],
  ['postgres:///db?host=c,d&port=,6', ['c undefined', 'd 6']],
  ['postgres://a,b/db?port=5,6', ['a 5', 'b 6']],
  ['postgres://a:1,b:2/db?port=5', ['a 5', 'b 5']],
])('%s: several hosts', (text, expected) => {
  expect(addresses(text).map(({ host, port }) => `${host} ${port}`)).toEqual(expected);
});

test.each([
  ['postgres://canary,/db', 'a list of hosts with an empty one'],
  ['postgres://:1,canary/db', 'a list of hosts with an empty one'],
  ['postgres://canary,%2Fvar%2Frun/db', 'The path of a socket cannot stand in a list of hosts'],
  ['postgres:///db?host=canary,/var/run', 'The path of a socket cannot stand in a list of hosts'],
  [
    'postgres://canary,b/db?port=1,2,3',
    'has 2 host(s) and 3 ports: write one port for all, or one for each.',
  ],
  ['postgres://canary/db?port=1,2', 'has 1 host(s) and 2 ports'],
  ['postgres://a:1,b:2/db?host=canary', 'has 1 host(s) and 2 ports'],
])('%s is refused: %s', (text, message) => {
  let error: unknown;
  try {
    addresses(text);
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toMatchObject({ code: 'UNSUPPORTED_URL', message: expect.stringContaining(message) });
  expect(inspect(error, { showHidden: true, depth: 9 })).not.toContain('canary');
});
