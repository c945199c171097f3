// A right and very small implementation of the SDK's session methods. The test of the conformance suite replaces
// one line of it at a time; every fault planted so must make the suite fail.

/** As a database answers: later. */
const answer = () => new Promise((resolve) => setImmediate(resolve));

export function createToyStore({ encodeItems, decodeItem, checkSessionId }) {
  const rows = [];
  const locks = new Map();
  let lastId = 0;
  let clock = 0;

  // One call at a time for each conversation, in the order of the calls.
  function locked(sessionId, work) {
    const before = locks.get(sessionId) ?? Promise.resolve();
    const result = before.then(work);
    locks.set(
      sessionId,
      result.catch(() => undefined),
    );
    return result;
  }

  function ofSession(sessionId) {
    return rows.filter((row) => row.sessionId === sessionId).sort((a, b) => a.id - b.id);
  }

  async function insert(sessionId, texts) {
    await answer();
    for (const text of texts) {
      rows.push({ id: ++lastId, sessionId, text, time: clock-- });
    }
  }

  function decoded(row) {
    try {
      return decodeItem(row.text);
    } catch {
      return undefined;
    }
  }

  class ToySession {
    constructor(sessionId) {
      checkSessionId(sessionId);
      this.sessionId = sessionId;
    }

    async getSessionId() {
      return this.sessionId;
    }

    getItems(limit) {
      return locked(this.sessionId, async () => {
        await answer();
        const items = ofSession(this.sessionId)
          .map(decoded)
          .filter((item) => item !== undefined);
        if (limit === undefined || Number.isNaN(limit)) return items;
        if (limit <= 0) return [];
        return items.slice(Math.max(items.length - Math.ceil(limit), 0));
      });
    }

    addItems(items) {
      let texts;
      try {
        texts = encodeItems(items);
      } catch (error) {
        return Promise.reject(error);
      }
      return locked(this.sessionId, () => insert(this.sessionId, texts));
    }

    popItem() {
      return locked(this.sessionId, async () => {
        for (;;) {
          const row = ofSession(this.sessionId).at(-1);
          if (!row) return undefined;
          await answer();
          rows.splice(rows.indexOf(row), 1);
          const item = decoded(row);
          if (item !== undefined) return item;
        }
      });
    }

    clearSession() {
      return locked(this.sessionId, async () => {
        await answer();
        for (const row of ofSession(this.sessionId)) rows.splice(rows.indexOf(row), 1);
      });
    }
  }

  const session = (sessionId) => new ToySession(sessionId);
  return {
    session,
    reopen: () => ({ session }),
    insertRaw: (sessionId, text) => rows.push({ id: ++lastId, sessionId, text, time: clock-- }),
  };
}
