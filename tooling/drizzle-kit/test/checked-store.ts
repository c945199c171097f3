import type { SessionError, SessionStore, SessionWarning } from '@stackone/sessions-core';
import { message } from '@stackone/test-environment/messages';
import { expect } from 'vitest';

/** Opens a store and uses every table of it. */
export async function checkStore(store: SessionStore): Promise<readonly SessionWarning[]> {
  const warnings: SessionWarning[] = [];
  store.on('warning', (warning) => warnings.push(warning));
  await store.open();
  for (const _ of ['first', 'repeated'])
    await store.session('chat').addItems([message('x')], undefined, { operationId: 'one' });
  await store.sessions.update('chat', { title: 'A title' });
  expect(await store.session('chat').getItems()).toHaveLength(1);
  expect(await store.sessions.retrieve('chat')).toMatchObject({ title: 'A title' });
  await store.close();
  return warnings;
}

/** What opening says. */
export async function refusalOf(store: SessionStore): Promise<SessionError> {
  const error = await store.open().catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'SCHEMA_MISMATCH' });
  return error as SessionError;
}
