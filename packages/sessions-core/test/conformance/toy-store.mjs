// A right and very small implementation of a store and of all session methods of the SDK. The test of the
// conformance suite replaces one line of it at a time; every fault planted so must make the suite fail.
import { channel } from 'node:diagnostics_channel';
import { EventEmitter } from 'node:events';

const published = channel('stackone:sessions:operation');

/** As a database answers: later. */
const answer = () => new Promise((resolve) => setImmediate(resolve));

/** What several stores may work on. */
const newDatabase = () => ({
  rows: [],
  operations: [],
  /** By stored id, also of conversations that were cleared. */
  descriptions: new Map(),
  /** What responses used. */
  used: [],
  /** By stored id: until when they are refused. */
  refusals: new Map(),
  /** Stored ids of conversations without items. */
  made: new Set(),
  locks: new Map(),
  lastId: 0,
  clock: 0,
  reachable: true,
});

export function createToyStore(core, database = newDatabase()) {
  const { encodeItems, decodeItem, checkSessionId, isItem, SessionError } = core;
  const events = new EventEmitter();
  const supports = {
    durable: false,
    shared: true,
    edit: true,
    operations: true,
    transactions: true,
    conversations: true,
    history: true,
    metadata: true,
    copying: true,
    usage: true,
    ownTransactions: true,
    erasure: true,
    retention: true,
    watching: true,
  };
  const underWay = new Set();
  /** The locks of transactions under way. */
  const transactions = new Set();
  let open = false;
  let closing;

  // One call at a time for each conversation, in the order of the calls.
  function locked(sessionId, work, locks = database.locks) {
    const before = locks.get(sessionId) ?? Promise.resolve();
    const result = before.then(work);
    locks.set(
      sessionId,
      result.catch(() => undefined),
    );
    return result;
  }

  async function connect() {
    await answer();
    if (!database.reachable) throw new SessionError('CONNECTION_FAILED', 'The database is out of reach.');
    open = true;
  }

  // What the call that is being made does when its turn has come.
  let beginning;

  const closed = () => new SessionError('CLOSED', 'The store is closed.');

  // One call of a session: `prepare` looks at the arguments at once, what it returns does the work.
  function perform(operation, { sessionId, locks }, prepare) {
    if (closing && !transactions.has(locks)) return Promise.reject(closed());
    const started = performance.now();
    const begin = beginning;
    const tell = (error) => {
      const ms = performance.now() - started;
      const outcome = error ? 'unwritten' : 'stored';
      const failure = error && { error: error.code ?? error.name };
      published.publish({ engine: 'toy', operation, ms, outcome, ...failure });
    };
    let result;
    try {
      const work = prepare();
      result = locked(
        sessionId,
        async () => {
          begin?.();
          if (!open) await connect();
          return work();
        },
        locks,
      );
    } catch (error) {
      result = Promise.reject(error);
    }
    const told = result.then(() => tell(), tell).then(() => underWay.delete(told));
    underWay.add(told);
    return result;
  }

  // Ends for its caller when the signal is aborted or the time is over; what has not begun is not done any more.
  function withinLimits({ signal: given, timeout = 0 } = {}, writes, call) {
    if (!Number.isInteger(timeout) || timeout < 0 || !(given === undefined || given instanceof AbortSignal))
      throw new TypeError('A limit is a signal or a whole number of ms.');
    const signals = [...(given ? [given] : []), ...(timeout > 0 ? [AbortSignal.timeout(timeout)] : [])];
    if (signals.length === 0) return call();
    const signal = AbortSignal.any(signals);
    let stage = 'waiting';
    const ended = () =>
      new SessionError(writes && stage === 'statement' ? 'OUTCOME_UNKNOWN' : 'ABORTED', 'Ended.', { stage });
    beginning = () => {
      if (signal.aborted) throw ended();
      stage = 'statement';
    };
    const result = call();
    beginning = undefined;
    return new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => reject(ended()));
      result.then(resolve, reject);
    });
  }

  function warn(row, fate) {
    const warning = {
      code: 'CORRUPT_ITEM',
      message: `The row ${row.id} was ${fate}.`,
      rowId: String(row.id),
    };
    queueMicrotask(() => events.emit('warning', warning));
  }

  function decoded(row, fate) {
    try {
      return decodeItem(row.text);
    } catch {
      warn(row, fate);
      return undefined;
    }
  }

  const refusal = (code, what) => new SessionError(code, `Session history ${what}`);

  // The text of a value with its keys in order.
  function canonical(value) {
    const sorted = (one) =>
      one === null || typeof one !== 'object' || Object.getPrototypeOf(one) !== Object.prototype
        ? Array.isArray(one)
          ? one.map(sorted)
          : one
        : Object.fromEntries(
            Object.keys(one)
              .sort()
              .map((key) => [key, sorted(one[key])]),
          );
    return encodeItems([{ value: sorted(value) }])[0];
  }

  // The transaction of the arguments, as a copy.
  function readTransaction({ operationId, transaction }) {
    const invalid = (what) => refusal('INVALID_TRANSACTION', `${what}`);
    if (typeof operationId !== 'string' || operationId.trim() === '')
      throw invalid('transaction operationId must be a non-empty string.');
    if (typeof transaction !== 'object' || transaction === null)
      throw invalid('transaction must be an object.');
    const { type, items, expectedSuffix, replacement } = structuredClone(transaction);
    const fields = Object.keys(transaction).length;
    const appends = type === 'append_items';
    if (!appends && type !== 'replace_suffix')
      throw new SessionError('INVALID_TRANSACTION', 'Unsupported session history transaction type.');
    if (appends && !(fields === 2 && Array.isArray(items)))
      throw invalid('append transaction fields are invalid.');
    if (!appends && !(fields === 3 && Array.isArray(expectedSuffix) && Array.isArray(replacement)))
      throw invalid('suffix transaction fields are invalid.');
    const expected = appends ? [] : expectedSuffix;
    const added = appends ? items : replacement;
    if (![...expected, ...added].every(isItem))
      throw invalid('transaction items contain invalid or unsupported data.');
    return { operationId, text: canonical({ type, expected, added }), expected, texts: encodeItems(added) };
  }

  const missing = () => new SessionError('NOT_FOUND', 'There is no such item.');
  const changed = () => new SessionError('HISTORY_CHANGED', 'The conversation is another one now.');
  const invalid = () => new SessionError('INVALID_HISTORY', 'A call and its result belong together.');
  const hasPartner = (items, { type, callId }, at) =>
    type !== 'function_call_result' || items.slice(0, at).some((one) => one.callId === callId);

  class ToySession {
    #place;

    constructor(sessionId, place, tenant) {
      if (tenant === undefined) {
        checkSessionId(sessionId);
      }
      this.sessionId = sessionId;
      if (tenant !== undefined) this.sessionId = `$tenant:${encodeURIComponent(tenant)}:${sessionId}`;
      this.#place = place;
    }

    async getSessionId() {
      return this.sessionId;
    }

    getItems(limit) {
      return this.#perform('getItems', () => async () => {
        await answer();
        const items = this.#rows()
          .map((row) => decoded(row, 'skipped'))
          .filter((item) => item !== undefined);
        if (limit === undefined || Number.isNaN(limit)) return items;
        if (limit <= 0) return [];
        return items.slice(Math.max(items.length - Math.ceil(limit), 0));
      });
    }

    addItems(items, _runContext, { operationId } = {}) {
      return this.#perform('addItems', () => {
        if (operationId !== undefined && (typeof operationId !== 'string' || operationId.trim() === ''))
          throw new TypeError('An operation id must be a text that is not blank.');
        const texts = encodeItems(items);
        const add = () => this.#insert(texts);
        return () => this.#once(operationId, texts.join(), add);
      });
    }

    popItem() {
      return this.#perform('popItem', () => async () => {
        for (;;) {
          const row = this.#rows().at(-1);
          if (!row) return undefined;
          await answer();
          this.#remove([row]);
          const item = decoded(row, 'removed');
          if (item !== undefined) return item;
        }
      });
    }

    clearSession() {
      return this.#perform('clearSession', () => async () => {
        this.#place.made.delete(this.sessionId);
        await answer();
        this.#remove(this.#rows());
        this.#place.operations = this.#place.operations.filter((one) => one.sessionId !== this.sessionId);
      });
    }

    applyHistoryTransaction(args) {
      return this.#perform('applyHistoryTransaction', () => {
        const { operationId, text, expected, texts } = readTransaction(args);
        const work = async () => {
          const suffix = expected.length === 0 ? [] : this.#rows().slice(-expected.length);
          const found = suffix.map(({ text }) => canonical(decodeItem(text)));
          if (found.join() !== expected.map(canonical).join())
            throw refusal('SUFFIX_MISMATCH', 'suffix no longer matches the transaction precondition.');
          this.#remove(suffix);
          await this.#insert(texts);
        };
        return () => this.#once(operationId, text, work);
      });
    }

    applyHistoryMutations({ mutations }) {
      return this.#perform('applyHistoryMutations', () => {
        const copies = structuredClone(mutations);
        return async () => {
          await answer();
          for (const { callId, replacement } of copies) {
            const isCall = (item) => item.type === 'function_call' && item.callId === callId;
            const [first, ...others] = this.#rows().filter((row) => isCall(decodeItem(row.text)));
            if (!first) continue;
            first.text = encodeItems([replacement])[0];
            this.#remove(others);
          }
        };
      });
    }

    replaceHistoryWithCompaction(items) {
      return this.#perform('replaceHistoryWithCompaction', () => {
        const texts = encodeItems(items);
        return async () => {
          await answer();
          this.#remove(this.#rows());
          this.#insertNow(texts);
        };
      });
    }

    history(options = {}) {
      return this.#perform('history', () => {
        const { before, after, limit = 50 } = options;
        if (limit < 1 || before === '') throw new TypeError('No part of a history.');
        return () => {
          for (const place of [before, after]) {
            if (place !== undefined && !/^\d+$/.test(place)) throw missing();
          }
          const part = this.#entries().filter(
            ({ id }) =>
              (after === undefined || Number(id) > Number(after)) &&
              (before === undefined || Number(id) < Number(before)),
          );
          const data = after === undefined ? part.slice(-limit) : part.slice(0, limit);
          return { data, hasMore: part.length > data.length };
        };
      });
    }

    turns(options = {}) {
      return this.#perform('turns', () => {
        const { before, limit = 20 } = options;
        if (limit > 100) throw new TypeError('Too many turns.');
        return () => {
          const all = this.#turns().filter(({ id }) => before === undefined || Number(id) < Number(before));
          return { data: all.slice(-limit), hasMore: all.length > limit };
        };
      });
    }

    async *items() {
      let last = '0';
      for (let hasMore = true; hasMore; ) {
        const page = await this.history({ after: last, limit: 16 });
        yield* page.data;
        last = page.data.at(-1)?.id;
        hasMore = page.hasMore;
      }
    }

    async *watch({ after = '0', signal } = {}) {
      for (let last = after; !signal?.aborted; ) {
        const page = await this.history({ after: last, limit: 16 });
        for (const entry of page.data) yield entry; // of a watch
        last = page.data.at(-1)?.id ?? last; // it goes on there
        await answer(); // until something comes
      }
    }

    rewind(turn) {
      return this.#perform('rewind', () => {
        const id = turn.id ?? turn;
        if (id === '') throw new TypeError('No turn.');
        return () => {
          const found = this.#turns().find((one) => one.id === id);
          if (!found) throw missing();
          this.#remove(this.#rows().filter((row) => row.id >= Number(id)));
          return found.input;
        };
      });
    }

    replaceTurn(turn, items) {
      return this.#perform('replaceTurn', () => {
        if (items[0].role !== 'user') throw new TypeError('A turn begins with a user message.');
        const texts = encodeItems(items);
        return () => {
          const own = this.#rows().slice(-turn.items.length);
          const same = own.map(({ id, text }) => [id, text]).join();
          if (same !== turn.items.map(({ id, item }) => [id, encodeItems([item])[0]]).join()) throw changed();
          if (!items.every((item, at) => hasPartner(items, item, at))) throw invalid();
          const other = own.findIndex(({ text }, at) => text !== texts[at]);
          const kept = other < 0 ? own.length : other;
          this.#remove(own.slice(kept));
          this.#insertNow(texts.slice(kept));
        };
      });
    }

    removeItem(entry) {
      return this.#perform('removeItem', () => () => {
        const found = this.#entries().find(({ id }) => id === (entry.id ?? entry));
        if (!found) throw missing();
        const { callId } = found.item;
        const partners = this.#entries().filter(
          ({ id, item }) => id === found.id || (callId !== undefined && item.callId === callId),
        );
        this.#remove(this.#rows().filter(({ id }) => partners.some((one) => one.id === String(id))));
        return partners.map(({ item }) => item);
      });
    }

    replaceItem(entry, item) {
      return this.#perform('replaceItem', () => {
        const [text] = encodeItems([item]);
        return () => {
          const row = this.#rows().find(({ id }) => String(id) === (entry.id ?? entry));
          if (!row) throw missing();
          if (decodeItem(row.text).callId !== item.callId) throw invalid();
          row.text = text;
        };
      });
    }

    replaceBeginning(expected, items) {
      return this.#perform('replaceBeginning', () => () => {
        const rows = this.#rows();
        const begin = rows.slice(0, expected.length);
        if (begin.map(({ text }) => text).join() !== encodeItems(expected).join()) throw changed();
        const later = rows.slice(expected.length).map(({ text }) => text);
        const answered = later.map((text) => decodeItem(text)).filter((one) => one.type?.endsWith('_result'));
        const isAnswered = (call) => answered.some(({ callId }) => callId === call.callId);
        const needed = expected.filter((one) => one.type === 'function_call' && isAnswered(one));
        this.#remove(rows);
        this.#insertNow([...encodeItems([...items, ...needed]), ...later]);
      });
    }

    recordUsage(result, options = {}) {
      return this.#perform('recordUsage', () => {
        const { operationId, model = result?.lastAgent?.model, turn, ...unknown } = options;
        const isWrong = [operationId, options.model, turn].some(
          (text) => text !== undefined && text.trim() === '',
        );
        if (!result?.state || Object.keys(unknown).length > 0 || isWrong)
          throw new TypeError('This is no run.');
        const { rawResponses, state } = result;
        const isOnly = (id) => rawResponses.filter(({ responseId }) => responseId === id).length === 1;
        const isId = (id) => id !== undefined && id !== 'FAKE_ID' && isOnly(id);
        const keyOf = (response, index) =>
          isId(response.responseId)
            ? response.responseId
            : operationId
              ? `${operationId} ${index}`
              : response;
        const rows = rawResponses.map((response, index) => ({
          key: keyOf(response, index),
          model: response.providerData?.model ?? model,
          n: response.usage.requests,
        }));
        const rest = state.usage.requests - rows.length;
        if (rest > 0) rows.push({ key: `rest of ${rows[0].key}`, model, n: rest });
        return () => {
          const newest = turn ?? this.#turns().at(-1)?.id;
          for (const row of rows) {
            const mine = ({ sessionId, key }) => sessionId === this.sessionId && key === row.key;
            const known = this.#place.used.find(mine);
            if (known) known.n = Math.max(known.n, row.n);
            else this.#place.used.push({ ...row, sessionId: this.sessionId, turn: newest, at: Date.now() });
          }
        };
      });
    }

    usage(options = {}) {
      return this.#perform('usage', () => {
        const sums = summed(options, ['turn', 'model', 'day']);
        return () => sums(this.#place.used.filter(({ sessionId }) => sessionId === this.sessionId));
      });
    }

    #entries() {
      let turn;
      return this.#rows().map(({ id, text, createdAt }) => {
        const item = decodeItem(text);
        if (item.role === 'user') turn = String(id);
        return { id: String(id), item, createdAt, ...(turn && { turn }) };
      });
    }

    #turns() {
      const turns = Map.groupBy(this.#entries(), ({ turn }) => turn);
      turns.delete(undefined);
      return [...turns].map(([id, items]) => ({ id, input: items[0].item, items }));
    }

    #perform(operation, prepare) {
      return perform(operation, { sessionId: this.sessionId, locks: this.#place.locks }, prepare);
    }

    #rows() {
      return this.#place.rows.filter((row) => row.sessionId === this.sessionId).sort((a, b) => a.id - b.id);
    }

    #remove(rows) {
      this.#place.rows = this.#place.rows.filter((row) => !rows.includes(row));
    }

    async #insert(texts) {
      await answer();
      if (database.refusals.get(this.sessionId) > Date.now())
        throw new SessionError('SESSION_ERASED', 'It was erased.');
      this.#insertNow(texts);
    }

    #insertNow(texts) {
      for (const text of texts) {
        this.#place.rows.push({
          id: ++database.lastId,
          sessionId: this.sessionId,
          text,
          time: database.clock--,
          createdAt: new Date(),
        });
      }
    }

    // Does the work of an operation, unless it was done before.
    async #once(id, text, work) {
      const mine = (one) => one.sessionId === this.sessionId && one.id === id;
      const known = this.#place.operations.find(mine);
      if (known && known.text !== text)
        throw refusal('OPERATION_CONFLICT', 'operation was already applied with a different transaction.');
      if (known) return;
      await work();
      if (id !== undefined) this.#place.operations.push({ sessionId: this.sessionId, id, text });
    }
  }

  // The five methods take what ends a call behind the run context.
  const PLACES = { getItems: 2, addItems: 2, popItem: 1, clearSession: 1 };
  for (const [name, place] of Object.entries(PLACES)) {
    const method = ToySession.prototype[name];
    ToySession.prototype[name] = async function limited(...args) {
      return withinLimits(args[place], name !== 'getItems', () => method.apply(this, args));
    };
  }

  // Sums up what was used, by some of these groups.
  function summed({ by = [], from = new Date(0), to = new Date(8e15), ...unknown }, groups) {
    const list = [by].flat();
    const isRight = list.every((group) => groups.includes(group)) && new Set(list).size === list.length;
    const areTimes = [from, to].every((time) => time instanceof Date && !Number.isNaN(time.getTime()));
    if (!isRight || !areTimes || Object.keys(unknown).length > 0)
      throw new TypeError('There are no such sums.');
    const countsOf = (n) => {
      const tokens = { inputTokens: 10 * n, outputTokens: 2 * n, totalTokens: 12 * n };
      return { requests: n, ...tokens, cachedTokens: n, reasoningTokens: n };
    };
    const sum = (rows) => countsOf(rows.reduce((all, { n }) => all + n, 0));
    return (rows) => {
      const wanted = rows.filter(({ at }) => at >= from.getTime() && at < to.getTime());
      if (list.length === 0) return sum(wanted);
      const shown = ({ sessionId, turn, model, at }) => {
        const [, mark, id] = /^\$tenant:([^:]*):(.*)$/.exec(sessionId) ?? [undefined, undefined, sessionId];
        const tenant = mark && decodeURIComponent(mark);
        const all = { session: id, tenant, turn, model, day: new Date(at).toISOString().slice(0, 10) };
        return Object.fromEntries(
          list.map((group) => [group === 'session' ? 'sessionId' : group, all[group]]),
        );
      };
      const grouped = Map.groupBy(wanted, (row) =>
        JSON.stringify(Object.values(shown(row)).map((value) => value ?? '')),
      );
      const sorted = [...grouped].sort(([one], [other]) => one.localeCompare(other, 'en', { numeric: true }));
      return sorted.map(([, ones]) => ({ ...shown(ones[0]), ...sum(ones) }));
    };
  }

  const isTenant = (tenant) => typeof tenant === 'string' && tenant.trim() !== '';

  // A session that asks for the tenant of the run at each call. The run context is the last argument.
  function asking(sessionId, tenantOf) {
    const session = { acceptsRunContext: true, getSessionId: async () => sessionId };
    for (const [method, at] of Object.entries({ getItems: 1, addItems: 1, popItem: 0, clearSession: 0 })) {
      session[method] = async (...args) => {
        const tenant = args[at] && tenantOf(args[at]);
        if (!isTenant(tenant)) throw new SessionError('TENANT_MISSING', 'There is no tenant.');
        return new ToySession(sessionId, database, tenant)[method](...args);
      };
    }
    return session;
  }

  // The conversations of a tenant, or those of none.
  function sessionsOf(tenant) {
    const stored = (id) => new ToySession(id, database, tenant).sessionId;
    const mark = tenant === undefined ? '' : stored('x').slice(0, -1);
    const reached = (id) => (tenant === undefined ? !id.startsWith('$tenant:') : id.startsWith(mark));
    const known = () =>
      [...new Set([...database.rows.map((row) => row.sessionId), ...database.made])].filter(reached);
    const descriptionOf = (wanted) => database.descriptions.get(wanted) ?? { metadata: {}, version: 0 };
    const own = () => known().map((id) => id.slice(mark.length));
    const info = (id) => {
      const added = database.rows
        .filter((row) => row.sessionId === mark + id)
        .map(({ createdAt }) => createdAt);
      const times = { createdAt: new Date(0), updatedAt: new Date(Math.max(1, ...added)) };
      return { id, ...times, title: undefined, ...structuredClone(descriptionOf(mark + id)) };
    };
    const call = (name, id, work) => perform(name, { sessionId: id, locks: new Map() }, work);
    const matching = ({ idPrefix = '', metadata = {} }) =>
      own()
        .filter((id) => id.startsWith(idPrefix))
        .filter((id) =>
          Object.entries(metadata).every(([key, value]) => descriptionOf(mark + id).metadata[key] === value),
        );
    const isJson = (value) => {
      if (typeof value === 'number') return Number.isFinite(value);
      if (value === null || typeof value === 'string' || typeof value === 'boolean') return true;
      if (typeof value !== 'object') return false;
      const isPlain = Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype;
      return isPlain && Object.values(value).every(isJson);
    };
    const read = (options) =>
      call('sessions.list', '', () => () => {
        const { limit = 20, order = 'desc', after } = options;
        const ids = matching(options).sort();
        if (order === 'desc') ids.reverse();
        const start = after === undefined ? 0 : ids.indexOf(after.slice(order.length)) + 1;
        const data = ids.slice(start, start + limit).map(info);
        const nextCursor = start + limit < ids.length ? order + data.at(-1).id : undefined;
        return {
          data,
          nextCursor,
          hasNextPage: () => nextCursor !== undefined,
          getNextPage: async () => {
            if (nextCursor === undefined) throw new RangeError('There is no next page.');
            return read({ ...options, after: nextCursor });
          },
        };
      });
    async function erase({ ids, tenant: whose, refuseFor = 3_600_000, onProgress, signal, ...others }) {
      const isRight = Object.keys(others).length === 0 && refuseFor >= 0;
      if (!isRight || (ids === undefined) === (whose === undefined) || !Array.isArray(ids ?? []))
        throw new TypeError('No erasure.');
      if (tenant !== undefined && (whose ?? tenant) !== tenant) throw new TypeError('Another tenant.');
      for (const id of ids ?? []) checkSessionId(id);
      const place = whose === undefined ? tenant : whose;
      const erasing = (ids ?? sessionsOf(place).all()).map(
        (id) => new ToySession(id, database, place).sessionId,
      );
      const erased = { conversations: 0, removed: { messages: 0 } };
      for (const wanted of new Set(erasing)) {
        signal?.throwIfAborted();
        const work = () => () => {
          const before = database.rows.length;
          database.rows = database.rows.filter((row) => row.sessionId !== wanted);
          database.refusals.set(wanted, Date.now() + refuseFor);
          const messages = before - database.rows.length;
          if (messages > 0) erased.conversations++;
          erased.removed.messages += messages;
        };
        await perform('sessions.delete', { sessionId: wanted, locks: database.locks }, work);
        onProgress?.(erased);
      }
      return erased;
    }
    // Both conversations are locked, at once.
    async function copy(operation, id, newId, { upTo }, move) {
      const [from, to] = [stored(id), stored(newId)];
      if (upTo < 0) throw new TypeError('A fork has some items or none.');
      const before = from === to ? undefined : database.locks.get(to);
      const work = async () => {
        await before;
        const rows = database.rows.filter((row) => row.sessionId === from);
        if (!known().includes(from)) throw new SessionError('SESSION_MISSING', 'It is not there.');
        if (known().includes(to)) throw new SessionError('SESSION_EXISTS', 'The other one is there.');
        const copied = rows.slice(0, upTo).map((row) => ({ ...row, id: ++database.lastId, sessionId: to }));
        database.rows.push(...copied);
        if (move) database.rows = database.rows.filter((row) => row.sessionId !== from);
        return info(newId);
      };
      const result = perform(operation, { sessionId: from, locks: database.locks }, () => work);
      const done = Promise.allSettled([result]);
      if (from !== to) database.locks.set(to, done);
      return result;
    }
    return {
      all: own,
      list(options = {}) {
        const { limit = 20, order = 'desc', after } = options;
        if (limit < 1) throw new TypeError('A page has at least one conversation.');
        if (Object.values(options.metadata ?? {}).some((value) => typeof value === 'object'))
          throw new TypeError('Only plain values can be looked for.');
        if (after !== undefined && !after.startsWith(order)) throw new TypeError('No cursor of this list.');
        return {
          // biome-ignore lint/suspicious/noThenProperty: it is awaited for its first page
          then: (...handlers) => read(options).then(...handlers),
          async *[Symbol.asyncIterator]() {
            let page = await read(options);
            yield* page.data;
            while (page.hasNextPage()) {
              page = await page.getNextPage();
              yield* page.data;
            }
          },
        };
      },
      retrieve: (id) =>
        call('sessions.retrieve', id, () => {
          const wanted = stored(id);
          return () => (known().includes(wanted) ? info(id) : undefined);
        }),
      count: (filter = {}) => call('sessions.count', '', () => () => matching(filter).length),
      fork: (id, newId, options = {}) => copy('sessions.fork', id, newId, options, false),
      rename: (id, newId) => copy('sessions.rename', id, newId, {}, true),
      update: (id, change, options = {}) =>
        perform(
          'sessions.update',
          { sessionId: `update ${mark}${id}`, locks: database.locks /* of all stores */ },
          () => {
            const wanted = stored(id);
            const { ifVersion, ...others } = options;
            if (Object.keys(others).length > 0 || ifVersion < 0)
              throw new TypeError('No option of an update.');
            if (Object.keys(change).some((key) => key !== 'title' && key !== 'metadata'))
              throw new TypeError('A change has a title and metadata.');
            if (typeof (change.title ?? '') !== 'string' || Array.isArray(change.metadata))
              throw new TypeError('A title is a text, metadata are an object.');
            try {
              const isRight = Object.values(change.metadata ?? {}).every(
                (value) => value === undefined || isJson(value),
              );
              if (!isRight) throw new RangeError('no JSON');
            } catch {
              throw new SessionError('UNSUPPORTED_VALUE', 'A value is no JSON.');
            }
            const { title: newTitle, metadata: changes = {} } = structuredClone(change);
            return async () => {
              const current = descriptionOf(wanted);
              await answer();
              if (ifVersion !== undefined && ifVersion !== current.version)
                throw new SessionError('VERSION_CONFLICT', 'Somebody else has updated it.');
              const merged = new Map(Object.entries(current.metadata));
              for (const [key, value] of Object.entries(changes)) {
                if (value === null) merged.delete(key);
                else if (value !== undefined) merged.set(key, value);
              }
              const title = newTitle === undefined ? current.title : (newTitle ?? undefined);
              const metadata = Object.fromEntries(merged);
              if (Buffer.byteLength(JSON.stringify({ title, metadata })) > 65_536)
                throw new SessionError('ITEM_TOO_LARGE', 'The metadata are too large.');
              if (!known().includes(wanted)) database.made.add(wanted);
              database.descriptions.set(wanted, { title, metadata, version: current.version + 1 });
              return info(id);
            };
          },
        ),
      delete: (id, { refuseFor = 0 } = {}) => {
        if (typeof id === 'object') return erase(id);
        return call('sessions.delete', id, () => {
          const wanted = stored(id);
          return () => {
            database.refusals.set(wanted, Date.now() + refuseFor);
            const gone = database.rows.filter((row) => row.sessionId === wanted);
            database.rows = database.rows.filter((row) => !gone.includes(row));
            database.made.delete(wanted);
            database.used = database.used.filter((row) => row.sessionId !== wanted);
            const wasDescribed = database.descriptions.has(wanted);
            database.descriptions.delete(wanted); // with the conversation
            return { id, deleted: gone.length > 0 || wasDescribed, removed: { messages: gone.length } };
          };
        });
      },
    };
  }

  async function pruned(tenant, options) {
    const { olderThan, keep, batchSize = 1000, signal, onProgress, ...others } = options;
    const isRight = olderThan === undefined || olderThan instanceof Date;
    const counts = Object.values(keep ?? { items: 1 });
    if (!isRight || (!olderThan && !keep) || Object.keys(others).length > 0 || batchSize < 1)
      throw new TypeError('No pruning.');
    if (counts.length !== 1 || counts[0] < 1) throw new TypeError('Nothing to keep.');
    const done = { conversations: 0, shortened: 0, removed: { messages: 0 } };
    const { all } = sessionsOf(tenant);
    const remove = async (row) => {
      if (signal?.aborted) throw signal.reason;
      database.rows = database.rows.filter((one) => one !== row);
      done.removed.messages++;
    };
    const closedNow = () =>
      perform('prune', { sessionId: '', locks: new Map() }, () => async () => undefined);
    await closedNow();
    for (const id of all()) {
      const { sessionId } = new ToySession(id, database, tenant);
      const rows = database.rows.filter((row) => row.sessionId === sessionId);
      const items = rows.map(({ text }) => decodeItem(text));
      const isOld = olderThan && rows.every(({ createdAt }) => createdAt < olderThan);
      let end = isOld ? rows.length : 0;
      if (keep) {
        let turns = 0;
        for (let at = rows.length - 1; at > 0; at--) {
          if (items[at].role !== 'user') continue;
          turns++;
          const isEnough = keep.turns ? turns >= keep.turns : rows.length - at >= keep.items;
          const left = items.slice(at);
          if (!isEnough || !left.every((one, index) => hasPartner(left, one, index))) continue;
          end = at;
          break;
        }
        if (end > 0) done.shortened++;
      }
      for (const [index, row] of rows.slice(0, end).entries()) {
        await remove(row);
        const isLast = index === end - 1;
        if (isLast && isOld) done.conversations++;
        if (isLast || index % batchSize === batchSize - 1) await onProgress?.(done);
      }
    }
    return done;
  }
  // What was used in all conversations, or in those of a tenant.
  const usageOf =
    (tenant) =>
    (options = {}) =>
      perform('usage', { sessionId: '', locks: database.locks }, () => {
        const sums = summed(options, ['session', 'tenant', 'model', 'day']);
        const mark = tenant === undefined ? '' : new ToySession('x', database, tenant).sessionId.slice(0, -1);
        return () => sums(database.used.filter(({ sessionId }) => sessionId.startsWith(mark)));
      });

  // Which conversations of a tenant, or of none, get rows.
  const watchOf = (tenant) =>
    async function* ({ after = '0', signal } = {}) {
      const mark = tenant === undefined ? '' : new ToySession('x', database, tenant).sessionId.slice(0, -1);
      const isMeant = (id) => (tenant ? id.startsWith(mark) : !id.startsWith('$tenant:'));
      for (let last = Number(after); !signal?.aborted; await answer()) {
        const behind = database.rows.filter(({ id }) => id > last);
        const ids = new Set(behind.map(({ sessionId }) => sessionId).filter(isMeant));
        const cursor = String(last);
        last = Math.max(last, ...behind.map(({ id }) => id));
        for (const id of ids) yield { id: id.slice(mark.length), cursor }; // of its own
      }
    };

  const session = (sessionId, { tenant } = {}) =>
    tenant ? asking(sessionId, tenant) : new ToySession(sessionId, database);
  const store = {
    supports,
    session,
    sessions: sessionsOf(undefined),
    usage: usageOf(undefined),
    watch: watchOf(undefined),
    scoped(tenant) {
      if (!isTenant(tenant)) throw new TypeError('A tenant must be a text that is not blank.');
      const session = (sessionId) => new ToySession(sessionId, database, tenant);
      const prune = (options) => pruned(tenant, options);
      return { session, sessions: sessionsOf(tenant), prune, usage: usageOf(tenant), watch: watchOf(tenant) };
    },
    transaction(work) {
      if (closing) return Promise.reject(closed());
      const result = (async () => {
        if (!open) await connect();
        const rows = database.rows.map((row) => ({ ...row }));
        const inside = { ...database, rows, locks: new Map() };
        transactions.add(inside.locks);
        let over = false;
        const untilTheEnd = (own) =>
          new Proxy(own, {
            get:
              (target, name) =>
              (...args) => {
                if (over) throw new SessionError('NOT_OPEN', 'The transaction is over.');
                return target[name](...args);
              },
          });
        const value = await work({ session: (id) => untilTheEnd(new ToySession(id, inside)) });
        await Promise.all(inside.locks.values());
        over = true;
        Object.assign(database, { rows: inside.rows, lastId: inside.lastId });
        return value;
      })();
      const ended = Promise.allSettled([result]).then(() => underWay.delete(ended));
      underWay.add(ended);
      return result;
    },
    on: (event, listener) => events.on(event, listener),
    off: (event, listener) => events.off(event, listener),
    async open() {
      if (closing) throw closed();
      if (!open) await connect();
      return store;
    },
    close() {
      closing ??= Promise.all(underWay).then(() => undefined);
      return closing;
    },
    [Symbol.asyncDispose]: () => store.close(),
    with(transaction) {
      if (closing) throw closed();
      if (!open) throw new SessionError('NOT_OPEN', 'Open the store before the transaction begins.');
      return { session: (sessionId) => new ToySession(sessionId, transaction) };
    },
  };
  return store;
}

/** What the suites are run against. */
export function createToyParts(core, create = createToyStore) {
  const database = newDatabase();
  const store = create(core, database);
  return {
    store,
    session: (sessionId) => store.session(sessionId),
    reopen: () => create(core, database),
    insertRaw: (sessionId, text) =>
      database.rows.push({ id: ++database.lastId, sessionId, text, time: database.clock-- }),
    outOfReach() {
      const missing = { ...newDatabase(), reachable: false };
      return { store: create(core, missing), mend: () => Object.assign(missing, { reachable: true }) };
    },
    async inTransaction(work, end) {
      const transaction = {
        ...database,
        rows: [...database.rows],
        used: [...database.used],
        locks: new Map(),
      };
      await work(transaction);
      if (end === 'commit') Object.assign(database, { rows: transaction.rows, used: transaction.used });
    },
  };
}
