import type { OpenStoreOptions, SessionErrorCode, SessionStore } from '@stackone/openai-agents-js-sessions';
import type { World } from '../world.ts';
import { type Limits, SECRET } from './calls.ts';

/** A store on which calls fail, and how to make the next one fail too. */
export interface Failing {
  readonly store: SessionStore;
  readonly limits?: Limits;
  /** How others open what the store is on. Default: by the URL of the world. */
  readonly url?: string;
  readonly options?: OpenStoreOptions;
  /** A code that some call has to fail with: else it was not made to fail as it says. */
  readonly code?: SessionErrorCode;
  /** Before each call; with a promise only where that is to be waited for. */
  again?(): Promise<void> | void;
  /** When all calls have been made. */
  end?(): Promise<void>;
}

/** Makes calls fail, or gives nothing where that cannot be on the engine. */
export type Failure = (world: World) => Promise<Failing | undefined>;

const user = (content: string) => ({ role: 'user', content }) as const;

/** A store whose conversation holds what may not be shown. */
export async function filled(world: World, options: OpenStoreOptions = {}): Promise<SessionStore> {
  const isServer = world.database && world.engine !== 'sqlite';
  const store = await world.open({ ...(isServer && { maxRetries: 0 }), ...options });
  await store
    .session(SECRET.session)
    .addItems([user(SECRET.item)], undefined, { operationId: SECRET.operation });
  await store.sessions.update(SECRET.session, {
    title: SECRET.title,
    metadata: { [SECRET.metadata]: SECRET.metadata },
  });
  return store;
}

export const SIDE_TABLES = ['metadata', 'operations', 'usage', 'runs'].map(
  (name) => `agent_sessions_${name}`,
);
/** Those that refer to conversations before these. */
export const TABLES = ['agent_messages', ...SIDE_TABLES, 'agent_sessions'];
