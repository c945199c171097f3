import { SqliteSessionStore } from '@stackone/sessions-sqlite';

/** A store whose compactions replace everything, as those of the SDK do. */
export async function open(url) {
  const store = await SqliteSessionStore.fromUrl(url);
  const session = store.session.bind(store);
  store.session = (id) => {
    const own = session(id);
    own.replaceBeginning = (_read, items) => own.replaceHistoryWithCompaction(items);
    return own;
  };
  return store;
}
