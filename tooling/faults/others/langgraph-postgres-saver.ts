// A module for torture(): LangGraph's PostgresSaver, with the items of a conversation as one value of a thread's state, which is read
// and put with each turn. That is not what a saver is for (a graph has one writer a thread); it is what is at hand to keep items with.
import { emptyCheckpoint, uuid6 } from '@langchain/langgraph-checkpoint';
import { PostgresSaver } from '@langchain/langgraph-checkpoint-postgres';
import type { AgentInputItem, Session } from '@openai/agents-core';

const VALUE = 'messages';

/** @param url - Of a database in which it makes its own tables. */
export async function open(_id: string, url: string) {
  const saver = PostgresSaver.fromConnString(url);
  await saver.setup();
  return { session: (id: string) => sessionOn(saver, id), close: () => saver.end() };
}

function sessionOn(saver: PostgresSaver, id: string): Session {
  const thread = { configurable: { thread_id: id, checkpoint_ns: '' } };
  const state = async () => {
    const known = await saver.getTuple(thread);
    return {
      items: (known?.checkpoint.channel_values[VALUE] ?? []) as AgentInputItem[],
      version: Number(known?.checkpoint.channel_versions[VALUE] ?? 0),
      config: known?.config ?? thread,
    };
  };
  const change = async (make: (items: AgentInputItem[]) => AgentInputItem[]) => {
    const { items, version, config } = await state();
    const next = version + 1;
    const checkpoint = {
      ...emptyCheckpoint(),
      id: uuid6(next),
      channel_values: { [VALUE]: make(items) },
      channel_versions: { [VALUE]: next },
    };
    await saver.put(config, checkpoint, { source: 'loop', step: next, parents: {} }, { [VALUE]: next });
  };
  return {
    getSessionId: async () => id,
    async getItems(limit) {
      const { items } = await state();
      return limit === undefined ? items : items.slice(Math.max(items.length - limit, 0));
    },
    addItems: (added) => change((items) => [...items, ...added]),
    async popItem() {
      let newest: AgentInputItem | undefined;
      await change((items) => {
        newest = items.at(-1);
        return items.slice(0, -1);
      });
      return newest;
    },
    clearSession: () => saver.deleteThread(id),
  };
}
