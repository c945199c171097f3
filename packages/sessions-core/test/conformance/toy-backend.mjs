// A right and very small implementation of the port. The test of the conformance suite replaces one line of it at
// a time; every fault planted so must make the suite fail.

/** As a database answers: later. */
const answer = () => new Promise((resolve) => setImmediate(resolve));

const notFound = () => Object.assign(new Error('There is no such row.'), { code: 'NOT_FOUND' });

function erased() {
  return Object.assign(new Error('It was erased.'), { name: 'SessionError', code: 'SESSION_ERASED' });
}

export function createToyBackend() {
  let rows = [];
  let operations = [];
  let lastId = 0;
  let turn = Promise.resolve();
  let sessions = [];
  const descriptions = new Map();
  let used = [];
  let runs = [];
  const refusals = new Map();
  const leases = new Map();

  // One call at a time: the lock.
  function locked(work) {
    const result = turn.then(answer).then(work);
    turn = result.catch(() => undefined);
    return result;
  }

  const ofSession = (sessionId) =>
    rows.filter((row) => row.sessionId === sessionId).sort((a, b) => a.id - b.id);
  const shown = ({ id, text }) => ({ id: String(id), text });
  const newest = (sessionId, count) =>
    (count === 'all' ? ofSession(sessionId) : ofSession(sessionId).slice(-count)).map(shown);
  const recorded = (sessionId, id) =>
    operations.find((one) => one.sessionId === sessionId && one.id === id)?.digest;
  const record = (sessionId, { forgetOlderThan = Infinity, ...operation }) => {
    const oldest = Date.now() - forgetOlderThan * 1000;
    operations = operations.filter((one) => one.sessionId !== sessionId || one.at >= oldest);
    operations.push({ sessionId, ...operation, at: Date.now() });
  };
  const insert = (sessionId, texts) => {
    for (const text of texts) rows.push({ id: ++lastId, sessionId, text, createdAt: Date.now() });
    const known = sessions.find(({ id }) => id === sessionId);
    if (known) known.updatedAt = Date.now();
    else sessions.push({ id: sessionId, createdAt: Date.now(), updatedAt: Date.now() });
  };

  const refuseErased = (sessionId) => {
    if (refusals.get(sessionId) > Date.now()) throw erased();
  };

  const order = (a, b) => (a.time === b.time ? (a.id < b.id ? -1 : 1) : Number(a.time) - Number(b.time));
  const described = (one) => ({ ...one, description: descriptions.get(one.id) });
  const shownOf = (sessionId) => {
    const found = sessions.find(({ id }) => id === sessionId);
    return found && { ...described(found), time: '' };
  };
  const filtered = ({
    prefix,
    withoutPrefix,
    changedAfter = 0,
    changedBefore = Infinity,
    described: parts = [],
  }) =>
    sessions
      .map(described)
      .filter(({ description }) => parts.every((part) => description?.text.includes(part)))
      .filter(({ id }) => id.startsWith(prefix))
      .filter(({ id }) => withoutPrefix === undefined || !id.startsWith(withoutPrefix))
      .filter(({ updatedAt }) => updatedAt > changedAfter)
      .filter(({ updatedAt }) => updatedAt < changedBefore);
  const keptOf = (id) => {
    const own = ({ sessionId }) => sessionId === id;
    const items = ofSession(id);
    const placeOf = (turn) =>
      turn === undefined ? {} : { turn: items.findIndex((row) => String(row.id) === turn) };
    return {
      ...described(sessions.find((one) => one.id === id)),
      rows: items.map(({ createdAt, ...row }) => ({ ...shown(row), createdAt })),
      operations: operations
        .filter(own)
        .map(({ id: key, digest, at }) => ({ id: key, digest, createdAt: at })),
      usage: used.filter(own).map(({ turn, at, ...one }) => ({ ...one, ...placeOf(turn), recordedAt: at })),
    };
  };
  const conversations = {
    list: ({ by, descending, after, limit, ...filter }) =>
      locked(() => {
        const times = { changed: 'updatedAt', created: 'createdAt' };
        const all = filtered(filter).map((one) => ({ ...one, time: String(one[times[by]] ?? '') }));
        const sign = descending ? -1 : 1;
        all.sort((a, b) => sign * order(a, b));
        const isBehind = (one) => one.id !== after.id && sign * order(one, after) > 0;
        const start = after ? all.findIndex(isBehind) : 0;
        return start < 0 ? [] : all.slice(start, start + limit);
      }),
    count: (filter) => locked(() => filtered(filter).length),
    get: (sessionId) => locked(() => shownOf(sessionId)),
    remove: (sessionId) =>
      locked(() => {
        const own = (row) => row.sessionId === sessionId;
        const removed = {
          messages: rows.filter(own).length,
          operations: operations.filter(own).length,
          sessions: sessions.filter(({ id }) => id === sessionId).length,
          metadata: Number(descriptions.delete(sessionId)),
          usage: used.filter(own).length,
          runs: runs.filter(own).reduce((sum, { entries }) => sum + 1 + entries.size, 0),
        };
        rows = rows.filter((one) => !own(one));
        used = used.filter((one) => !own(one));
        runs = runs.filter((one) => !own(one));
        operations = operations.filter((one) => !own(one));
        sessions = sessions.filter(({ id }) => id !== sessionId);
        return removed;
      }),
    removeSome: (sessionId, { atMost, whole, before = Infinity, changedBefore }) =>
      locked(() => {
        const nothing = { messages: 0, operations: 0, metadata: 0, sessions: 0, usage: 0 };
        const changed = sessions.find(({ id }) => id === sessionId)?.updatedAt ?? Infinity;
        const goesOn = (one) => one.sessionId === sessionId && ['running', 'waiting'].includes(one.state);
        const isKept = changedBefore !== undefined && (changed >= changedBefore || runs.some(goesOn));
        if (isKept) return { removed: nothing, isDone: true };
        const meant = ofSession(sessionId).filter(({ id }) => id < Number(before));
        if (whole && meant.length > atMost) return { removed: nothing, isDone: false };
        const oldest = meant.slice(0, atMost);
        rows = rows.filter((row) => !oldest.includes(row));
        const removed = { messages: oldest.length, operations: 0, metadata: 0, sessions: 0 };
        if (before !== Infinity) return { removed, isDone: whole || oldest.length < atMost };
        if (oldest.length === atMost && !whole) return { removed, isDone: false };
        const isOther = (one) => one.sessionId !== sessionId;
        removed.operations = operations.length - operations.filter(isOther).length;
        removed.sessions = sessions.filter(({ id }) => id === sessionId).length;
        removed.metadata = Number(descriptions.delete(sessionId));
        removed.runs = runs
          .filter((one) => !isOther(one))
          .reduce((sum, { entries }) => sum + 1 + entries.size, 0);
        runs = runs.filter(isOther);
        operations = operations.filter(isOther);
        sessions = sessions.filter(({ id }) => id !== sessionId);
        return { removed, isDone: true };
      }),
    forget: ({ prefix, operationsOlderThan = Infinity, runsEndedBefore = 0, atMost }) =>
      locked(() => {
        const oldest = Date.now() - operationsOlderThan * 1000;
        const old = operations.filter((one) => one.sessionId.startsWith(prefix) && one.at < oldest);
        const gone = old.slice(0, atMost);
        operations = operations.filter((one) => !gone.includes(one));
        for (const [id, end] of refusals) if (end <= Date.now()) refusals.delete(id);
        const isEnded = (one) =>
          one.sessionId.startsWith(prefix) && !['running', 'waiting'].includes(one.state);
        const ended = runs.filter((one) => isEnded(one) && one.changedAt < runsEndedBefore).slice(0, atMost);
        runs = runs.filter((one) => !ended.includes(one));
        const steps = ended.reduce((sum, { entries }) => sum + 1 + entries.size, 0);
        return { operations: gone.length, erasures: 0, runs: steps };
      }),
    lease: (name, milliseconds, held) =>
      locked(() => {
        if (!held && leases.get(name) > Date.now()) return false;
        leases.set(name, Date.now() + milliseconds);
        return true;
      }),
    refuse: (sessionId, milliseconds) =>
      locked(() => {
        refusals.set(sessionId, Math.max(refusals.get(sessionId) ?? 0, Date.now() + milliseconds));
      }),
    copy: (from, to, { upTo, move, rewrite = (text) => text }) =>
      locked(() => {
        const source = sessions.find(({ id }) => id === from);
        if (!source) return 'missing';
        if (sessions.some(({ id }) => id === to) || descriptions.has(to)) return 'taken';
        refuseErased(to); // a copy
        const texts = ofSession(from).map(({ text }) => rewrite(text));
        const description = descriptions.get(from);
        insert(to, texts.slice(0, upTo));
        const times = ofSession(from).map(({ createdAt }) => createdAt);
        for (const [at, row] of ofSession(to).entries()) row.createdAt = times[at];
        if (description) descriptions.set(to, { ...description, text: rewrite(description.text) });
        if (!move) return shownOf(to);
        Object.assign(sessions.at(-1), source, { id: to });
        for (const one of operations) if (one.sessionId === from) one.sessionId = to;
        const [before, after] = [ofSession(from), ofSession(to)];
        const moved = (turn) => after[before.findIndex(({ id }) => String(id) === turn)]?.id;
        for (const one of used.filter(({ sessionId }) => sessionId === from))
          Object.assign(one, { sessionId: to, turn: one.turn && String(moved(one.turn)) });
        for (const one of runs) if (one.sessionId === from) one.sessionId = to;
        rows = rows.filter((row) => row.sessionId !== from);
        sessions = sessions.filter((one) => one !== source);
        descriptions.delete(from); // it has moved
        return shownOf(to);
      }),
    restore: (wholes, made = 'stored') =>
      locked(() =>
        wholes.map((whole) => {
          const { id, tenant, createdAt, updatedAt, rows: given, description, replaces } = whole;
          const there = sessions.find((one) => one.id === id);
          if (replaces !== undefined && there?.updatedAt !== replaces) return 'taken'; // it has changed
          if (replaces !== undefined) {
            rows = rows.filter(({ sessionId }) => sessionId !== id); // of what is replaced
            operations = operations.filter(({ sessionId }) => sessionId !== id); // of what is replaced
            used = used.filter(({ sessionId }) => sessionId !== id); // of what is replaced
            descriptions.delete(id); // of what is replaced
            sessions = sessions.filter((one) => one !== there);
          } else if (there || descriptions.has(id)) return 'taken'; // a restoration
          if (refusals.get(id) > Date.now()) return 'erased';
          sessions.push({ id, createdAt, updatedAt });
          const ids = [];
          for (const row of given) {
            ids.push(++lastId);
            rows.push({ ...row, id: lastId, sessionId: id });
          }
          if (description) descriptions.set(id, description); // as it was elsewhere
          for (const one of whole.operations ?? [])
            operations.push({ ...one, sessionId: id, at: one.createdAt });
          const turnOf = ({ turn: place }) => (place === undefined ? undefined : String(ids[place]));
          for (const one of whole.usage ?? [])
            used.push({ ...one, sessionId: id, tenant, turn: turnOf(one), at: one.recordedAt });
          return made;
        }),
      ),
    wholes: (ids, atMost = Infinity) =>
      locked(() => {
        let room = atMost;
        const has = (id) => {
          room -= ofSession(id).length;
          return room >= 0;
        };
        const left = ids.filter((id) => !has(id));
        const there = ids.filter((id) => !left.includes(id) && sessions.some((one) => one.id === id));
        return { found: there.map(keptOf), left };
      }),
    async changes(after, limit) {
      if (after === undefined) return { sessions: [], last: String(Math.max(lastId - 100, 0)), isLast: true };
      if (!/^\d+$/.test(after)) throw notFound();
      return locked(() => {
        const looked = rows.filter(({ id }) => id > Number(after)).sort((a, b) => a.id - b.id); // of all sessions
        const page = looked.slice(0, limit);
        const found = new Map(page.map(({ sessionId, id }) => [sessionId, String(id)]));
        const sessions = [...found].map(([id, newest]) => ({ id, newest }));
        return { sessions, last: String(page.at(-1)?.id ?? after), isLast: page.length < limit };
      });
    },
    describe: (sessionId, decide, make) =>
      locked(() => {
        const description = decide(descriptions.get(sessionId));
        const isThere = sessions.some(({ id }) => id === sessionId);
        if (description && make) refuseErased(sessionId); // a description
        if (description && make && !isThere) insert(sessionId, []);
        if (description) descriptions.set(sessionId, description);
        return shownOf(sessionId);
      }),
  };

  const counts = [
    'requests',
    'inputTokens',
    'outputTokens',
    'totalTokens',
    'cachedTokens',
    'reasoningTokens',
  ];
  const usage = {
    record: ({ sessionId, tenant, turn, rows: responses }) =>
      locked(() => {
        refuseErased(sessionId); // usage
        for (const { key, model, ...numbers } of responses) {
          const known = used.find((one) => one.sessionId === sessionId && one.key === key);
          if (!known) used.push({ sessionId, key, tenant, turn, model, at: Date.now(), ...numbers });
          for (const name of known ? counts : []) known[name] = Math.max(known[name], numbers[name]);
        }
      }),
    sum: ({ sessionId, tenant, from = 0, to = Infinity, by }) =>
      locked(() => {
        const wanted = used
          .filter((one) => sessionId === undefined || one.sessionId === sessionId)
          .filter((one) => tenant === undefined || one.tenant === tenant)
          .filter(({ at }) => at >= from && at < to);
        const values = { session: (one) => one.sessionId, day: ({ at }) => Math.floor(at / 86_400_000) };
        const groupsOf = (one) =>
          Object.fromEntries(by.map((group) => [group, values[group]?.(one) ?? one[group]]));
        const groups = Map.groupBy(wanted, (one) => JSON.stringify(Object.values(groupsOf(one))));
        if (by.length === 0 && groups.size === 0) groups.set('', []);
        return [...groups.values()].map((ones) => ({
          ...groupsOf(ones[0] ?? {}),
          ...Object.fromEntries(counts.map((name) => [name, ones.reduce((sum, one) => sum + one[name], 0)])),
        }));
      }),
  };

  const shownRun = ({ alone, entries: _, until, ...run }) => ({
    ...run,
    alone: alone && isOpen(run),
    heldFor: Math.round(until - performance.now()),
  });
  const findRun = ({ runId, sessionId }) =>
    runs.find((one) => one.runId === runId && one.sessionId === sessionId);
  const isOpen = (run) => run.state === 'running' || run.state === 'waiting';
  const isHeld = (run, fence) =>
    run?.state === 'running' && run.fence === fence && run.until > performance.now();
  const runVerbs = {
    create: ({ lease, was, ...wanted }) =>
      locked(() => {
        const found = runs.find(({ runId }) => runId === wanted.runId);
        if (found) return { outcome: 'found', run: shownRun(found) };
        const others = runs.filter((one) => one.sessionId === wanted.sessionId && one.alone);
        const busy = wanted.alone && others.find(isOpen);
        if (busy) return { outcome: 'busy', run: shownRun(busy) };
        refuseErased(wanted.sessionId); // a run
        const times = { createdAt: Date.now(), changedAt: Date.now(), until: performance.now() + lease };
        const before = was && { ...was, until: 0 };
        const run = { ...wanted, state: 'running', fence: 1, ...times, ...before, entries: new Map() };
        runs.push(run);
        return { outcome: 'created', run: shownRun(run) };
      }),
    read: (runId) =>
      locked(() => {
        const run = runs.find((one) => one.runId === runId);
        return (
          run && { run: shownRun(run), entries: [...run.entries].map(([key, content]) => ({ key, content })) }
        );
      }),
    take: (name, lease) =>
      locked(() => {
        const run = findRun(name);
        if (run?.state !== 'waiting' && !(run?.state === 'running' && run.until <= performance.now()))
          return undefined;
        Object.assign(run, { state: 'running', fence: run.fence + 1, until: performance.now() + lease });
        return shownRun(run);
      }),
    write: (hold, entry) =>
      locked(() => {
        const run = findRun(hold);
        if (!isHeld(run, hold.fence)) return false; // a write
        run.until = performance.now() + hold.lease;
        if (entry && !run.entries.has(entry.key)) run.entries.set(entry.key, entry.content);
        return true;
      }),
    add: (name, { key, content }) =>
      locked(() => {
        const run = findRun(name);
        if (run && !run.entries.has(key)) run.entries.set(key, content); // a decision
        return run && { key, content: run.entries.get(key) };
      }),
    settle: ({ state, fence, content, ...name }) =>
      locked(() => {
        const run = findRun(name);
        const released = fence === undefined && state === 'running';
        const open = released ? run?.state === 'waiting' : run && isOpen(run);
        if (fence === undefined ? !open : !isHeld(run, fence)) return false;
        const next = fence === undefined && !released ? run.fence + 1 : run.fence;
        Object.assign(run, { state, fence: next, until: 0, content: content ?? run.content });
        return true;
      }),
    list: ({ state, free, sessionId, tenant, after, limit }) =>
      locked(() =>
        runs
          .filter((run) => run.state === state)
          .filter((run) => !free || run.until <= performance.now())
          .filter((run) => sessionId === undefined || run.sessionId === sessionId)
          .filter((run) => tenant === undefined || run.tenant === tenant) // of runs
          .sort((a, b) => (a.runId < b.runId ? -1 : 1))
          .filter((run) => after === undefined || run.runId > after)
          .slice(0, limit)
          .map(shownRun),
      ),
  };

  return {
    supports: {
      durable: false,
      shared: false,
      edit: true,
      operations: true,
      transactions: false,
      listing: true,
      conversations: true,
      history: true,
      metadata: true,
      copying: true,
      usage: true,
      runs: true,
      erasure: true,
      retention: true,
      restoring: true,
      watching: true,
    },

    conversations,
    usage,
    runs: runVerbs,

    append(batches) {
      return locked(() =>
        batches.map(({ sessionId, texts, operation }) => {
          for (const batch of batches) refuseErased(batch.sessionId); // before anything is stored
          const before = operation && recorded(sessionId, operation.id);
          if (before !== undefined) return before === operation.digest ? 'repeated' : 'conflict';
          insert(sessionId, texts);
          if (operation) record(sessionId, operation);
          return 'stored';
        }),
      );
    },

    read(sessionId, limit, before) {
      return locked(() => {
        const older = ofSession(sessionId).filter((row) => before === undefined || row.id < Number(before));
        return (limit === undefined ? older : older.slice(-limit)).map(shown);
      });
    },

    async history(sessionId, { limit, oldest, before, after }) {
      for (const place of [before, after]) {
        if (place !== undefined && !/^\d+$/.test(place)) throw notFound();
      }
      return locked(() => {
        const later = ofSession(sessionId).filter(({ id }) => after === undefined || id > Number(after));
        const between = later.filter(({ id }) => before === undefined || id < Number(before));
        const part = oldest ? between.slice(0, limit) : between.slice(-limit);
        return part.map((row) => ({ ...shown(row), createdAt: row.createdAt }));
      });
    },

    pop(sessionId) {
      return locked(() => {
        const row = ofSession(sessionId).at(-1);
        rows = rows.filter((one) => one !== row);
        return row && shown(row);
      });
    },

    edit(sessionId, last, decide, operation) {
      return locked(() => {
        const before = operation && recorded(sessionId, operation.id);
        let patch = decide(newest(sessionId, last), before, last);
        while ('need' in patch) patch = decide(newest(sessionId, patch.need), before, patch.need);
        const { clear, remove = [], update = [], append = [] } = patch;
        if (operation || append.length > 0) refuseErased(sessionId); // an edit
        const mine = (row) => row.sessionId === sessionId;
        if (clear) rows = rows.filter((row) => !mine(row));
        rows = rows.filter((row) => !(mine(row) && remove.includes(String(row.id))));
        for (const { id, text } of update) {
          for (const row of rows) if (mine(row) && String(row.id) === id) row.text = text;
        }
        insert(sessionId, append);
        if (operation && before === undefined) record(sessionId, operation);
      });
    },

    clear(sessionId) {
      return locked(() => {
        rows = rows.filter((row) => row.sessionId !== sessionId);
        operations = operations.filter((one) => one.sessionId !== sessionId);
        sessions = sessions.filter(({ id }) => id !== sessionId);
      });
    },

    sessionIds(after, limit) {
      return locked(() => {
        const known = [...rows, ...used, ...runs].map((one) => one.sessionId);
        const ids = [...new Set([...known, ...descriptions.keys()])].sort();
        const later = ids.filter((id) => after === undefined || id > after);
        return later.slice(0, limit);
      });
    },

    close() {},
  };
}
