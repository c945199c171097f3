export { MEMORY_OPTION_CHECKS, MemorySessionStore, type MemoryStoreOptions } from './store.js';
