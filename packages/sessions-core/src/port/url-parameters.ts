import { SessionError } from './errors.js';
import type { StoreUrl } from './url.js';

/** A parameter that a store honours. */
export interface HonouredParameter<Value> {
  /** What the text says, or `undefined` where it says nothing that is known. */
  readonly read: (text: string) => Value | undefined;
  /** What the value must be, as the end of a sentence. */
  readonly expects: string;
}

/** Another name of an honoured parameter, whose text may have to be read otherwise. */
export interface ParameterAlias extends Partial<HonouredParameter<unknown>> {
  readonly alias: string;
}

/** A parameter that others know and the store refuses. */
export interface RefusedParameter {
  /** Why, and what to do instead: a sentence or two. */
  readonly refused: string;
}

/**
 * The parameters that the URLs of an engine may carry after the `?`, by name. What is not in it is refused too.
 * Names are compared without regard to case.
 */
export type UrlParameters = Readonly<
  Record<string, HonouredParameter<unknown> | ParameterAlias | RefusedParameter>
>;

/** What a URL says in its parameters: those that it has, by the first of their names. */
export type UrlParameterValues<Parameters extends UrlParameters> = {
  readonly [Name in keyof Parameters as Parameters[Name] extends HonouredParameter<unknown>
    ? Name
    : never]?: Parameters[Name] extends HonouredParameter<infer Value> ? Value : never;
};

/** Any text that is not empty. */
export const textParameter: HonouredParameter<string> = {
  read: (text) => text || undefined,
  expects: 'a text that is not empty',
};

/**
 * A whole number.
 *
 * @example
 * ```ts
 * const PARAMETERS = { connection_limit: wholeNumberParameter(1) };
 * ```
 */
export function wholeNumberParameter(
  least: number,
  most = Number.MAX_SAFE_INTEGER,
): HonouredParameter<number> {
  return {
    read: (text) => (/^\d+$/.test(text) && +text >= least && +text <= most ? +text : undefined),
    expects:
      most === Number.MAX_SAFE_INTEGER
        ? `a whole number of at least ${least}`
        : `a whole number from ${least} to ${most}`,
  };
}

/**
 * A whole number of seconds, read as ms.
 *
 * @example
 * ```ts
 * const PARAMETERS = { connect_timeout: secondsParameter(1) }; // 10 is read as 10000
 * ```
 */
export function secondsParameter(least: number): HonouredParameter<number> {
  // the most ms that a timer of Node takes
  const { read, expects } = wholeNumberParameter(least, 2_147_483);
  const inMs = (text: string) => {
    const seconds = read(text);
    return seconds === undefined ? undefined : seconds * 1000;
  };
  return { read: inMs, expects: `${expects}, in seconds` };
}

/**
 * One of some words, exactly as they stand.
 *
 * @example
 * ```ts
 * const PARAMETERS = { mode: wordParameter('rw', 'rwc') };
 * ```
 */
export function wordParameter<const Word extends string>(...words: readonly Word[]): HonouredParameter<Word> {
  return { read: (text) => words.find((word) => word === text), expects: listed(words) };
}

/**
 * A parameter of which the store can only do what one of these values asks for.
 *
 * @param reason - Why it can do nothing else: a sentence.
 * @example
 * ```ts
 * const PARAMETERS = { charset: onlyParameter(['utf8mb4'], 'Other character sets lose characters.') };
 * ```
 */
export function onlyParameter(
  words: readonly [string, ...string[]],
  reason: string,
): HonouredParameter<string> {
  const { read, expects } = wordParameter(...words);
  return { read, expects: `${expects}. ${reason.replace(/\.$/, '')}` };
}

/**
 * Another name of a parameter.
 *
 * @param readAs - How its text is read, where that is not as under the first name.
 * @example
 * ```ts
 * const PARAMETERS = { database: textParameter, dbname: aliasOf('database') };
 * ```
 */
export function aliasOf<Value>(alias: string, readAs?: HonouredParameter<Value>): ParameterAlias {
  return { alias, ...readAs };
}

/**
 * A parameter that is refused, with the reason.
 *
 * @example
 * ```ts
 * const PARAMETERS = { passfile: refusedParameter('The store reads no password files.') };
 * ```
 */
export function refusedParameter(refused: string): RefusedParameter {
  return { refused };
}

const onePort = wholeNumberParameter(1, 65_535);

/** Where the servers are and who logs in, for tables of engines with servers. */
export const SERVER_PARAMETERS = {
  host: { read: hosts, expects: 'a host, or several with commas between them' },
  port: { read: ports, expects: `${onePort.expects}, or one for each host, with commas between them` },
  user: textParameter,
  password: { read: (text) => text, expects: 'a text' },
} satisfies UrlParameters;

function hosts(text: string): readonly string[] | undefined {
  const names = text.split(',').map((host) => host.replace(/^\[(.*)\]$/, '$1'));
  return names.includes('') ? undefined : names;
}

/** One that is left out is the usual one of the engine, as in libpq. */
function ports(text: string): readonly (number | undefined)[] | undefined {
  const texts = text.split(',');
  const numbers = texts.map((port) => onePort.read(port));
  const areRead = numbers.every(
    (number, at) => number !== undefined || (texts.length > 1 && texts[at] === ''),
  );
  return areRead ? numbers : undefined;
}

/** Where the server is and who logs in. */
export interface ServerAddress {
  /** A name, an address, or a path: the socket of the server. Absent where the URL names none. */
  readonly host: string | undefined;
  readonly port: number | undefined;
  readonly user: string | undefined;
  readonly password: string | undefined;
}

/**
 * What the URL says of its servers, in its order. A parameter wins over what stands before the `?`, as in libpq and `pg`; one port
 * is that of all hosts.
 *
 * @throws SessionError `UNSUPPORTED_URL` for a list of hosts with an empty one or with the path of a socket in it, and for another number
 * of ports.
 * @example
 * ```ts
 * for (const { host, port } of serverAddresses(url, readUrlParameters(url, SERVER_PARAMETERS))) connect(host, port);
 * ```
 */
export function serverAddresses(
  url: StoreUrl,
  values: UrlParameterValues<typeof SERVER_PARAMETERS>,
): readonly ServerAddress[] {
  const names = values.host ?? url.servers.map(({ host }) => host);
  const numbers = values.port ?? url.servers.map(({ port }) => port);
  if (names.length > 1 && names.includes(''))
    throw unsupported('The URL has a list of hosts with an empty one.');
  if (names.length > 1 && names.some((name) => name.startsWith('/')))
    throw unsupported(
      'The path of a socket cannot stand in a list of hosts: it is one server, of this machine.',
    );
  if (numbers.length !== 1 && numbers.length !== names.length)
    throw unsupported(
      `The URL has ${names.length} host(s) and ${numbers.length} ports: write one port for all, or one for each.`,
    );
  return names.map((name, at) => ({
    host: name || undefined,
    port: numbers.length === 1 ? numbers[0] : numbers[at],
    user: values.user ?? url.user,
    password: values.password ?? url.password,
  }));
}

/**
 * Reads the parameters of a URL. A parameter that stands in a URL was meant, so each is honoured or refused by name.
 *
 * @param parameters - What the store knows.
 * @throws SessionError `UNSUPPORTED_URL` for a parameter that is refused, unknown, given twice or has another value.
 * It names the parameter, never its value.
 * @example
 * ```ts
 * const { timeout } = readUrlParameters(url, { timeout: wholeNumberParameter(1), cipher: refusedParameter('No.') });
 * ```
 */
export function readUrlParameters<Parameters extends UrlParameters>(
  url: StoreUrl,
  parameters: Parameters,
): UrlParameterValues<Parameters> {
  const names = new Map(Object.keys(parameters).map((name) => [name.toLowerCase(), name]));
  const given = [...url.query].map(([name, text]) => [names.get(name.toLowerCase()), text] as const);
  if (given.some(([name]) => name === undefined)) throw unsupported(unknown(url, names, parameters));
  const values: Record<string, unknown> = {};
  for (const [name = '', text] of given) {
    const entry = parameters[name] as UrlParameters[string];
    if ('refused' in entry)
      throw unsupported(`The parameter "${name}" of the URL is refused. ${entry.refused}`);
    const target = 'alias' in entry ? entry.alias : name;
    if (Object.hasOwn(values, target)) throw unsupported(givenTwice(target, parameters));
    const { read, expects } = { ...(parameters[target] as HonouredParameter<unknown>), ...entry };
    values[target] = read(text);
    if (values[target] === undefined)
      throw unsupported(`The parameter "${name}" of the URL must be ${expects}.`);
  }
  return values as UrlParameterValues<Parameters>;
}

/** A name that is not known may be a piece of a password: only plain ones are repeated. */
const PLAIN_NAME = /^[a-z][a-z0-9_-]{0,31}$/i;

function unknown(url: StoreUrl, names: ReadonlyMap<string, string>, parameters: UrlParameters): string {
  const unknowns = [...url.query.keys()].filter((name) => !names.has(name.toLowerCase()));
  const shown = unknowns.every((name) => PLAIN_NAME.test(name)) ? ` ("${unknowns.join('", "')}")` : '';
  const known = Object.entries(parameters).flatMap(([name, entry]) => ('refused' in entry ? [] : [name]));
  return (
    `The URL has a parameter that is not known here${shown}. ` +
    `${known.length > 0 ? `Known: ${known.join(', ')}.` : 'It takes none.'} ` +
    'If the "?" or "&" is part of a password, encode it with encodeURIComponent().'
  );
}

function givenTwice(name: string, parameters: UrlParameters): string {
  const others = Object.entries(parameters).flatMap(([other, entry]) =>
    'alias' in entry && entry.alias === name ? [`"${other}"`] : [],
  );
  const also = others.length > 0 ? ` (${others.join(', ')} means the same)` : '';
  return `The parameter "${name}" of the URL is given twice${also}.`;
}

function unsupported(message: string): SessionError {
  return new SessionError('UNSUPPORTED_URL', message);
}

function listed(words: readonly string[]): string {
  return words.length === 1 ? `"${words[0]}"` : `one of ${words.join(', ')}`;
}
