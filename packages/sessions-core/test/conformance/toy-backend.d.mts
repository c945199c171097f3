import type { SessionBackend } from '../../src/backend.js';

export function createToyBackend(): SessionBackend;
