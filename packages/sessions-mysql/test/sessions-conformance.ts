import { sessionConformance, sessionFeatures } from '@stackone/sessions-core/conformance';
import { describe, test } from 'vitest';
import type { MysqlSessionStore } from '../src/index.js';
import { SUPPORT } from './databases.js';

/** The suite for the sessions of a store, which is open when the first case begins. */
export function sessionsConformance(store: () => MysqlSessionStore): void {
  sessionConformance({
    name: 'sessions',
    describe,
    test,
    open: () => ({ session: (id) => store().session(id) }),
    supports: sessionFeatures(SUPPORT),
  });
}
