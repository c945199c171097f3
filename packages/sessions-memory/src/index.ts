export { MemorySessionStore, type MemoryStoreOptions } from './store.js';
