import type { SessionBackend } from '../src/index.js';

export function createToyBackend(): SessionBackend;
