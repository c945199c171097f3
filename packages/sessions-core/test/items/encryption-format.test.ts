import { inspect } from 'node:util';
import type { AgentInputItem } from '@openai/agents-core';
import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { ConversationKeys, keyBytes } from '../../src/items/encryption/conversation-keys.js';
import { envelopeText, tokenIn } from '../../src/items/encryption/envelope.js';
import { ItemEncryption } from '../../src/items/encryption/item-encryption.js';
import { ITEM_CODECS } from '../../src/items/responses-format/codec.js';
import { RAW_KEY, VECTORS } from './encryption-vectors.js';

const IV = Uint8Array.from({ length: 16 }, (_, index) => index);

function fernet(key: string, sessionId: string) {
  return new ConversationKeys([keyBytes(key)], sessionId).fernet(0);
}

const hello: AgentInputItem = { role: 'user', content: 'Hello' };
const codecOf = (options: ConstructorParameters<typeof ItemEncryption>[0], sessionId = 'user-123') =>
  new ItemEncryption(options).codec(sessionId, ITEM_CODECS['agents-js']);

afterEach(() => void vi.useRealTimers());

describe('tokens', () => {
  test.each(VECTORS)('of Python, byte for byte: $key, $sessionId', ({ key, sessionId, text, token }) => {
    const message = { text, seconds: 1_700_000_000 };
    expect(fernet(key, sessionId).seal(message, IV)).toBe(token);
    expect(fernet(key, sessionId).open(token)).toEqual(message);
  });

  test('no token opens with one bit changed, one byte less, or another key', () => {
    const key = fernet('secret', 'a');
    const token = key.seal({ text: 'Hello', seconds: 1 });
    const bytes = Buffer.from(token, 'base64url');
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = Buffer.from(bytes);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(key.open(changed.toString('base64url'))).toBeUndefined();
    }
    for (let length = 0; length < bytes.length; length++) {
      expect(key.open(bytes.subarray(0, length).toString('base64url'))).toBeUndefined();
    }
    expect(fernet('secret', 'b').open(token)).toBeUndefined();
    expect(fernet('Secret', 'a').open(token)).toBeUndefined();
    expect(key.open(token)).toEqual({ text: 'Hello', seconds: 1 });
  });

  test('no two of one text are equal', () => {
    const key = fernet('secret', 'a');
    const tokens = Array.from({ length: 1000 }, () => key.seal({ text: 'x', seconds: 1 }));
    expect(new Set(tokens).size).toBe(1000);
  });
});

describe('keys', () => {
  const password = (text: string) => new TextEncoder().encode(text);
  const bytes = Buffer.from(RAW_KEY, 'base64');

  // as Python 3.11 reads them
  test.each([
    ['32 bytes in base64', RAW_KEY, bytes],
    ['in the alphabet of URLs', `${'_-'.repeat(21)}8=`, Buffer.from(`${'/+'.repeat(21)}8=`, 'base64')],
    ['with a newline at the end', `${RAW_KEY}\n`, bytes],
    ['with characters of neither alphabet', `${RAW_KEY.slice(0, 9)} %${RAW_KEY.slice(9)}`, bytes],
    ['with something after the padding', `${RAW_KEY}AAAA`, bytes],
    ['without padding', RAW_KEY.slice(0, -1), password(RAW_KEY.slice(0, -1))],
    ['of 31 bytes', `${'A'.repeat(40)}AA==`, password(`${'A'.repeat(40)}AA==`)],
    ['with a letter outside ASCII', `é${RAW_KEY}`, password(`é${RAW_KEY}`)],
    ['a password', 'your-secret-key-here', password('your-secret-key-here')],
  ])('%s', (_, key, expected) => {
    expect([...keyBytes(key)]).toEqual([...expected]);
  });
});

describe('envelopes', () => {
  test('are written as Python writes them', () => {
    vi.useFakeTimers({ now: 1_700_000_000_000 });
    const [text = ''] = codecOf({ key: 'secret' }).encode([hello]);
    expect(text).toMatch(/^\{"__enc__":1,"v":1,"kid":"hkdf-v1","payload":"gAAAAABlU_EA[\w-]+={0,2}"\}$/);
  });

  test.each([
    ['another version and kid', '{"__enc__":1,"v":2,"kid":"new","payload":"T"}', 'T'],
    ['with blanks and in another order', '{"v": 1, "kid": "a", "payload": "T", "__enc__": 1}', 'T'],
    ['without kid', '{"__enc__":1,"v":1,"payload":"T"}', undefined],
    ['without version', '{"__enc__":1,"kid":"a","payload":"T"}', undefined],
    ['without payload', '{"__enc__":1,"v":1,"kid":"a"}', undefined],
    ['marked otherwise', '{"__enc__":2,"v":1,"kid":"a","payload":"T"}', undefined],
    ['with a payload that is no text', '{"__enc__":1,"v":1,"kid":"a","payload":5}', undefined],
    ['in a list', '[{"__enc__":1,"v":1,"kid":"a","payload":"T"}]', undefined],
    ['cut off', '{"__enc__":1,"v":1,"kid":"a","payl', undefined],
    ['inside an item', '{"role":"user","content":"\\"__enc__\\":1"}', undefined],
  ])('%s', (_, text, token) => {
    expect(tokenIn(text)).toBe(token);
  });

  test('a row that Python wrote opens', () => {
    for (const { key, sessionId, text, token } of VECTORS) {
      const item = ITEM_CODECS['agents-js'].decode(text); // one of them is a row of the Responses API
      expect(codecOf({ key }, sessionId).decode(envelopeText(token))).toEqual(item);
    }
  });
});

describe('items', () => {
  test('1,000 random ones come back exactly', () => {
    const codec = codecOf({ key: RAW_KEY });
    const value = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        fc.string({ unit: 'binary' }),
        fc.jsonValue(),
        fc.uint8Array({ maxLength: 50 }),
        fc.date({ noInvalidDate: false }),
        fc.bigInt(),
        fc.constantFrom(Number.NaN, -0, Infinity, undefined),
        fc.dictionary(fc.string({ unit: 'binary' }), tie('value'), { noNullPrototype: true, maxKeys: 4 }),
      ),
    })).value;
    // an id alone is a reference of the Responses API, which is read as the item that it means
    const item = fc
      .dictionary(fc.string(), value, { noNullPrototype: true })
      .filter((one) => Object.keys(one).join() !== 'id');
    const seen = { count: 0 };
    fc.assert(
      fc.property(item, (one) => {
        seen.count++;
        const items = [one as unknown as AgentInputItem];
        const [text = ''] = codec.encode(items);
        expect(codec.decode(text)).toEqual(one);
        expect(ITEM_CODECS['agents-js'].encode([codec.decode(text)])).toEqual(
          ITEM_CODECS['agents-js'].encode(items),
        );
      }),
      { numRuns: 1000 },
    );
    expect(seen.count).toBe(1000);
  });

  test.each([
    ['at the end of its time', 600, undefined],
    ['a second later', 601, 'ExpiredItem'],
    ['from a clock that is a minute ahead', -60, undefined],
    ['from a clock further ahead', -61, 'ExpiredItem'],
  ])('time to live: %s', (_, age, thrown) => {
    vi.useFakeTimers({ now: 1_700_000_000_000 });
    const codec = codecOf({ key: 'secret', ttlSeconds: 600 });
    const [text = ''] = codec.encode([hello]);
    vi.setSystemTime((1_700_000_000 + age) * 1000);
    const named = () => {
      try {
        return void codec.decode(text);
      } catch (error) {
        return (error as Error).constructor.name;
      }
    };
    expect(named()).toBe(thrown);
    expect(codecOf({ key: 'secret' }).decode(text)).toEqual(hello); // without a time to live
  });

  test('the first key encrypts, all decrypt; what no key opens says so without a secret', () => {
    const old = codecOf({ key: 'old canary' });
    const both = codecOf({ keys: ['new canary', 'old canary'] });
    const [oldText = ''] = old.encode([hello]);
    const [newText = ''] = both.encode([hello]);
    expect(both.decode(oldText)).toEqual(hello);
    expect(codecOf({ key: 'new canary' }).decode(newText)).toEqual(hello);
    const error = catchError(() => old.decode(newText));
    expect(error).toMatchObject({ code: 'DECRYPTION_FAILED', retryable: false });
    expect(inspect(error, { depth: Infinity, showHidden: true })).not.toContain('canary');
  });

  test('plaintext is an item only where it is accepted', () => {
    const text = JSON.stringify(hello);
    expect(catchError(() => codecOf({ key: 'k' }).decode(text))).toMatchObject({ code: 'DECRYPTION_FAILED' });
    expect(codecOf({ key: 'k', acceptPlaintext: true }).decode(text)).toEqual(hello);
    expect(catchError(() => codecOf({ key: 'k' }).decode('no item'))).toBeInstanceOf(SyntaxError);
  });
});

function catchError(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  throw new Error('it did not fail');
}

test.each([
  ['nothing', undefined, /an object/],
  ['no key', {}, /either "key" or "keys"/],
  ['both', { key: 'a', keys: ['b'] }, /either "key" or "keys"/],
  ['an empty key', { key: '' }, /"key" is a text/],
  ['a key of bytes', { key: Buffer.from('canary') }, /"key" is a text/],
  ['a lone surrogate', { key: '\ud800' }, /"key" is a text/],
  ['no keys', { keys: [] }, /"keys" is a list/],
  ['an empty one among them', { keys: ['canary', ''] }, /"keys" is a list/],
  [
    'a time to live that is no number of seconds',
    { key: 'canary', ttlSeconds: 1.5 },
    /"ttlSeconds" is a whole/,
  ],
  ['an unknown field', { key: 'canary', ttl: 600 }, /ttlSeconds, acceptPlaintext, and nothing else/],
])('refused: %s', (_, options, message) => {
  const error = catchError(() => new ItemEncryption(options as never));
  expect(error).toBeInstanceOf(TypeError);
  expect((error as Error).message).toMatch(message);
  expect(inspect(error)).not.toContain('canary');
});
