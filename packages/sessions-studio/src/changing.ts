import type { Reachable } from './access.js';
import { pruneTime, shownRun } from './operating.js';
import { textIn, WrongRequest } from './requests.js';

type Body = Readonly<Record<string, unknown>>;

/** What a studio changes where it may, by the names that the page asks with. */
export const CHANGES: Readonly<Record<string, (reachable: Reachable, body: Body) => Promise<object>>> = {
  async title({ store }, body) {
    const { title } = body;
    if (typeof title !== 'string') throw new WrongRequest('"title" must be a text.');
    const id = textIn(body, 'id');
    // an update would make one that is not there
    if (!(await store.sessions.retrieve(id))) throw new WrongRequest('There is no such conversation.');
    await store.sessions.update(id, { title: title === '' ? null : title });
    return {};
  },
  async fork({ store }, body) {
    const { id } = await store.sessions.fork(textIn(body, 'id'), textIn(body, 'newId'));
    return { id };
  },
  async rewind({ store }, body) {
    await store.session(textIn(body, 'id')).rewind(textIn(body, 'turn'));
    return {};
  },
  async delete({ store }, body) {
    const { deleted } = await store.sessions.delete(textIn(body, 'id'));
    return { deleted };
  },
  async decide({ store, name }, body) {
    const { approve, reason } = body;
    if (typeof approve !== 'boolean') throw new WrongRequest('"approve" must be true or false.');
    if (reason !== undefined && typeof reason !== 'string')
      throw new WrongRequest('"reason" must be a text.');
    const decision = { callId: textIn(body, 'callId'), approve, reason: reason || undefined, by: name };
    return shownRun(await store.runs.decide(textIn(body, 'id'), [decision]));
  },
  async cancel({ store }, body) {
    return shownRun(await store.runs.cancel(textIn(body, 'id')));
  },
  async prune({ store }, body) {
    const { conversations } = await store.prune({ olderThan: pruneTime(textIn(body, 'before')) });
    return { conversations };
  },
};
