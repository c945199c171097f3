import type { OpenStoreOptions } from '@stackone/openai-agents-js-sessions';
import type { Doctor } from '@stackone/sessions-core/doctor';

type Open = (url: string, options: object) => Doctor | Promise<Doctor>;

const DOCTORS: Readonly<Record<string, () => Promise<{ readonly openDoctor: Open }>>> = {
  sqlite: () => import('@stackone/sessions-sqlite/doctor'),
  postgres: () => import('@stackone/sessions-postgres/doctor'),
  mysql: () => import('@stackone/sessions-mysql/doctor'),
  mariadb: () => import('@stackone/sessions-mysql/doctor'),
};

/** The doctor of the engine, if it has one. */
export async function openDoctor(
  engine: string,
  url: string,
  options: OpenStoreOptions,
): Promise<Doctor | undefined> {
  const load = DOCTORS[engine];
  if (!load) return undefined;
  const { openDoctor: open } = await load();
  return open(url, options);
}
