import { isDeepStrictEqual } from 'node:util';
import type { AgentInputItem } from '@openai/agents-core';
import type { Conversations, FunctionCallItem } from '../contender.ts';
import { checkItems, makeItem, makeTurn, newestItems, TURN_ITEMS, WrongAnswer } from '../items.ts';

/** One call that is timed alone. */
export interface Call {
  readonly workload: string;
  /** For people. */
  readonly title: string;
  /**
   * Makes ready what the call needs.
   *
   * @param mark - Another one for each call.
   * @returns `undefined` if the library has no such call.
   */
  readonly prepare: (conversations: Conversations, mark: string) => Promise<ReadyCall | undefined>;
}

/** A call that can be made. */
interface ReadyCall {
  readonly perform: () => Promise<unknown>;
  /** Looks at what was answered, and at what is stored then. @throws WrongAnswer */
  readonly check: (answer: unknown) => Promise<void> | void;
}

const READ_TURNS = 5;
/** How many items are read, and conversations listed. */
const READ = READ_TURNS * TURN_ITEMS;
/** How many turns a conversation has before it is compacted. */
const COMPACTED_TURNS = 3;

export const APPEND: Call = {
  workload: 'append',
  title: 'append a turn',
  async prepare({ append, newest }, mark) {
    const [conversation, turn] = ['appended', makeTurn('appended', mark)];
    return {
      perform: () => append(conversation, turn),
      check: async () => checkItems(await newest(conversation, TURN_ITEMS), turn),
    };
  },
};

export const APPEND_ONCE: Call = {
  workload: 'append-once',
  title: 'append a turn with an operation id',
  async prepare({ appendOnce, newest }, mark) {
    if (!appendOnce) return undefined;
    const [conversation, turn] = ['once', makeTurn('once', mark)];
    return {
      perform: () => appendOnce(conversation, mark, turn),
      check: async () => checkItems(await newest(conversation, TURN_ITEMS), turn),
    };
  },
};

/** A conversation of 20 items, made for the first call. */
export function newestItemsCall(): Call {
  const ready = new WeakSet<Conversations>();
  return {
    workload: 'newest-20',
    title: `newest ${READ}`,
    async prepare(conversations) {
      const conversation = 'read';
      if (!ready.has(conversations)) {
        for (let turn = 0; turn < READ_TURNS; turn++)
          await conversations.append(conversation, makeTurn(conversation, turn));
        ready.add(conversations);
      }
      return {
        perform: () => conversations.newest(conversation, READ),
        check: (answer) => checkItems(itemsOf(answer), newestItems(conversation, READ_TURNS, READ)),
      };
    },
  };
}

export const POP: Call = {
  workload: 'pop',
  title: 'pop the newest item',
  async prepare({ append, pop }, mark) {
    if (!pop) return undefined;
    await append('popped', makeTurn('popped', mark));
    return {
      perform: () => pop('popped'),
      check: (answer) => checkItems([answer], [makeItem('popped', mark, TURN_ITEMS - 1)]),
    };
  },
};

export const CLEAR: Call = {
  workload: 'clear',
  title: 'clear a conversation',
  async prepare({ append, clear, newest }, mark) {
    if (!clear) return undefined;
    await append('cleared', makeTurn('cleared', mark));
    return {
      perform: () => clear('cleared'),
      check: async () => checkItems(await newest('cleared', TURN_ITEMS), []),
    };
  },
};

/** Replaces the newest two items of a turn, if they are what is expected, and once for each operation id. */
export const REPLACE_SUFFIX: Call = {
  workload: 'replace-suffix',
  title: 'replace the newest 2 items',
  async prepare({ append, newest, replaceSuffix }, mark) {
    if (!replaceSuffix) return undefined;
    const old = makeTurn('replaced', `${mark}-old`);
    const replacement = makeTurn('replaced', `${mark}-new`).slice(2);
    await append('replaced', old);
    return {
      perform: () => replaceSuffix('replaced', mark, old.slice(2), replacement),
      check: async () =>
        checkItems(await newest('replaced', TURN_ITEMS), [...old.slice(0, 2), ...replacement]),
    };
  },
};

/** Replaces a function call in a conversation of four items, as the SDK does where a run goes on after an approval. */
export const REPLACE_CALL: Call = {
  workload: 'replace-call',
  title: 'replace a function call',
  async prepare({ append, newest, replaceCall }, mark) {
    if (!replaceCall) return undefined;
    const conversation = `called-${mark}`;
    const call: FunctionCallItem = {
      type: 'function_call',
      callId: `call-${mark}`,
      name: 'weather',
      status: 'completed',
      arguments: '{"city":"Oslo"}',
    };
    const around = makeTurn(conversation, 0);
    const withCall = (item: FunctionCallItem): AgentInputItem[] => around.with(1, item);
    const replacement = { ...call, arguments: '{"city":"Bergen"}' };
    await append(conversation, withCall(call));
    return {
      perform: () => replaceCall(conversation, replacement),
      check: async () => checkItems(await newest(conversation, READ), withCall(replacement)),
    };
  },
};

/** Puts a compaction in the place of all turns but the newest. */
export const COMPACT: Call = {
  workload: 'compaction',
  title: `compact ${COMPACTED_TURNS * TURN_ITEMS} items to ${1 + TURN_ITEMS}`,
  async prepare({ append, compact, newest }, mark) {
    if (!compact) return undefined;
    const conversation = `compacted-${mark}`;
    for (let turn = 0; turn < COMPACTED_TURNS; turn++)
      await append(conversation, makeTurn(conversation, turn));
    const compaction: AgentInputItem = { type: 'compaction', encrypted_content: `all of ${mark}` };
    const compacted = [compaction, ...makeTurn(conversation, COMPACTED_TURNS - 1)];
    return {
      perform: () => compact(conversation, compacted),
      check: async () => checkItems(await newest(conversation, READ), compacted),
    };
  },
};

/** A page of 20 conversations, which are made for the first call. */
export function listCall(): Call {
  const ids = Array.from({ length: READ }, (_, index) => `listed-${index}`);
  const ready = new WeakSet<Conversations>();
  return {
    workload: 'list',
    title: `list ${READ} conversations`,
    async prepare(conversations) {
      const { append, list } = conversations;
      if (!list) return undefined;
      if (!ready.has(conversations)) {
        for (const id of ids) await append(id, makeTurn(id, 0));
        ready.add(conversations);
      }
      return {
        perform: () => list(READ),
        check(answer) {
          if (!isDeepStrictEqual(answer, ids.toReversed()))
            throw new WrongAnswer('other conversations are listed, or in another order');
        },
      };
    },
  };
}

/** Removes the newest turn: what the user said last, and the answer. */
export const REWIND: Call = {
  workload: 'rewind',
  title: 'rewind the newest turn',
  async prepare({ append, newest, newestTurn, rewind }, mark) {
    if (!rewind || !newestTurn) return undefined;
    const [conversation, items] = [`rewound-${mark}`, makeTurn(`rewound-${mark}`, 0)];
    await append(conversation, items);
    const turn = await newestTurn(conversation);
    return {
      perform: () => rewind(conversation, turn),
      check: async () => checkItems(await newest(conversation, READ), items.slice(0, 2)),
    };
  },
};

export const REMOVE: Call = {
  workload: 'delete',
  title: 'delete a conversation',
  async prepare({ append, newest, remove }, mark) {
    if (!remove) return undefined;
    await append('deleted', makeTurn('deleted', mark));
    return {
      perform: () => remove('deleted'),
      check: async () => checkItems(await newest('deleted', TURN_ITEMS), []),
    };
  },
};

/** What a library answered where items are expected. */
function itemsOf(answer: unknown): readonly unknown[] {
  if (!Array.isArray(answer)) throw new WrongAnswer('no list of items was answered');
  return answer;
}
