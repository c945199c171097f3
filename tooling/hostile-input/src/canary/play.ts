import {
  DrizzleSession,
  type SessionErrorCode,
  type SessionStore,
  type StoreSession,
} from '@stackone/openai-agents-js-sessions';
import { hostOf } from '@stackone/sessions-core/backend';
import type { World } from '../world.ts';
import { SECRET, SESSION_CALLS, STORE_CALLS, type Subject } from './calls.ts';
import { openDoctor } from './doctor.ts';
import type { Failing, Failure } from './failing.ts';
import { overhear } from './overheard.ts';
import { canaryIn, type Shown } from './walk.ts';

/** Changes the store that the calls are made on, to see that a leak is found. */
export type Leak = (store: SessionStore) => SessionStore;

/** What was shown that may not be, and how calls failed. */
export interface Seen {
  readonly leaks: readonly string[];
  readonly failed: number;
  /** How some call must have failed, and none did. */
  readonly missing: readonly SessionErrorCode[];
}

/** A session may show its own id, and findings of a doctor name conversations. */
const IDS: Shown = { texts: [SECRET.session, SECRET.other, SECRET.tenant] };

/** Makes every call on a store on which they fail, and looks through all that comes out of it. */
export async function playCanary(
  world: World,
  failure: Failure,
  leak: Leak = (store) => store,
): Promise<Seen | undefined> {
  const failing = await failure(world);
  if (!failing) return undefined;
  const store = leak(failing.store);
  const leaks: string[] = [];
  const codes = new Set<unknown>();
  let failed = 0;
  const look = (where: string, value: unknown, shown?: Shown) => {
    const found = canaryIn(value, shown);
    if (found) leaks.push(`${where}${found}`);
  };
  const attempt = async (name: string, call: () => unknown): Promise<void> => {
    try {
      const began = failing.again?.();
      if (began) await began;
      const value = await call();
      // it says why the database does not answer
      if (name === 'store.health') look(name, value);
    } catch (error) {
      failed++;
      codes.add((error as { code?: unknown } | undefined)?.code);
      look(`${name} failed: `, error);
    }
  };
  store.on('warning', (warning) => look('warning', warning));
  const heard = await overhear(async () => {
    const subject = (session: StoreSession): Subject => ({ store, session, limits: failing.limits ?? {} });
    for (const [name, call] of Object.entries({ ...STORE_CALLS, ...SESSION_CALLS }))
      await attempt(name, () => call(subject(store.session(SECRET.session))));
    await onItsOwn(world, failing, async (session) => {
      for (const [name, call] of Object.entries(SESSION_CALLS))
        await attempt(`DrizzleSession, ${name}`, () => call(subject(session)));
      look('DrizzleSession itself', session, IDS);
      await session.close();
      await attempt('DrizzleSession, closed', () => session.getItems());
    }).catch((error: unknown) => look('DrizzleSession failed: ', error));
    await examine(world, failing, (value) => look('the doctor: ', value, IDS)).catch((error: unknown) =>
      look('the doctor failed: ', error),
    );
  });
  // their ids are theirs to show; what they were opened with is not
  for (const [what, object] of Object.entries({
    store,
    host: hostOf(failing.store),
    sessions: store.sessions,
    runs: store.runs,
  }))
    look(`the ${what} itself`, object);
  await failing.store.close().catch(() => undefined);
  await failing.end?.();
  const { code } = failing;
  return { leaks: [...leaks, ...heard], failed, missing: code && !codes.has(code) ? [code] : [] };
}

/** The same conversation, opened by its URL. */
async function onItsOwn(
  world: World,
  { url = world.url, options = {} }: Failing,
  play: (session: DrizzleSession) => Promise<void>,
): Promise<void> {
  if (url === undefined) return;
  const config = { maxRetries: 0, busyTimeout: 1, ...options, linger: 0 };
  await play(await DrizzleSession.fromUrl(SECRET.session, url, config));
}

/** Looks at the database as `sessions doctor` does, and repairs what can be. */
async function examine(
  world: World,
  { url = world.url, options = {} }: Failing,
  look: (value: unknown) => void,
): Promise<void> {
  const doctor = url === undefined ? undefined : await openDoctor(world.engine, url, options);
  if (!doctor) return;
  look(doctor);
  try {
    for await (const finding of doctor.examine({ full: true })) {
      look(finding);
      if (finding.fix) await doctor.repair(finding.fix);
    }
  } finally {
    await doctor.close();
  }
}
