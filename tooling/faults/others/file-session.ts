// A module for torture(): a session that keeps a conversation as one JSON file and writes it whole, as examples of sessions do.
// It is our own, and right as long as one process makes one call at a time.
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { StoreSession } from '@stackone/openai-agents-js-sessions';

type Session = Pick<StoreSession, 'getItems' | 'popItem' | 'clearSession'> & {
  addItems(items: Items): Promise<void>;
};
type Items = Awaited<ReturnType<StoreSession['getItems']>>;

/** @param folder - The `file:` URL of the folder with the files. */
export function open(id: string, folder: string): Session {
  const file = join(fileURLToPath(folder), `${id}.json`);
  const read = async (): Promise<Items> => {
    try {
      return JSON.parse(await readFile(file, 'utf8')) as Items;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  };
  const write = (items: Items) => writeFile(file, JSON.stringify(items));
  return {
    getItems: async (limit) => (limit === undefined ? await read() : (await read()).slice(-limit)),
    addItems: async (items) => write([...(await read()), ...items]),
    async popItem() {
      const items = await read();
      const newest = items.pop();
      await write(items);
      return newest;
    },
    clearSession: () => rm(file, { force: true }),
  };
}
