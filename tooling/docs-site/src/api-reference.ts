import { join } from 'node:path';
import starlightTypeDoc, { typeDocSidebarGroup } from 'starlight-typedoc';
import { type Application, Converter, ReflectionKind } from 'typedoc';
import { ROOT } from './pages.ts';

/** The entries that are documented: what users import, and the file it comes from. A name has its page in the first that exports it. */
const ENTRIES: Readonly<Record<string, string>> = {
  '@stackone/sessions-core': 'sessions-core/src/index.ts',
  '@stackone/sessions-core/backend': 'sessions-core/src/backend.ts',
  '@stackone/sessions-core/conformance': 'sessions-core/src/conformance/index.ts',
  '@stackone/sessions-core/doctor': 'sessions-core/src/doctor/index.ts',
  '@stackone/sessions-memory': 'sessions-memory/src/index.ts',
  '@stackone/sessions-mysql': 'sessions-mysql/src/index.ts',
  '@stackone/sessions-mysql/doctor': 'sessions-mysql/src/doctor.ts',
  '@stackone/sessions-mysql/schema': 'sessions-mysql/src/schema.ts',
  '@stackone/sessions-postgres': 'sessions-postgres/src/index.ts',
  '@stackone/sessions-postgres/doctor': 'sessions-postgres/src/doctor.ts',
  '@stackone/sessions-postgres/schema': 'sessions-postgres/src/schema.ts',
  '@stackone/sessions-sqlite': 'sessions-sqlite/src/index.ts',
  '@stackone/sessions-sqlite/doctor': 'sessions-sqlite/src/doctor.ts',
  '@stackone/sessions-sqlite/schema': 'sessions-sqlite/src/schema.ts',
  '@stackone/sessions-studio': 'sessions-studio/src/index.ts',
  '@stackone/openai-agents-js-sessions': 'openai-agents-js-sessions/src/index.ts',
  '@stackone/openai-agents-js-sessions/bench': 'openai-agents-js-sessions/src/bench.ts',
  '@stackone/openai-agents-js-sessions/opentelemetry': 'openai-agents-js-sessions/src/opentelemetry.ts',
  '@stackone/openai-agents-js-sessions/torture': 'openai-agents-js-sessions/src/torture.ts',
};

const PACKAGES = join(ROOT, 'packages');

/** Makes pages of the docstrings of every entry. */
export const apiReference = () =>
  starlightTypeDoc({
    entryPoints: Object.values(ENTRIES).map((file) => join(PACKAGES, file)),
    tsconfig: join(import.meta.dirname, '../tsconfig.packages.json'),
    output: 'api',
    sidebar: { label: 'API', collapsed: true },
    typeDoc: {
      name: 'API',
      plugin: [nameEntries],
      entryFileName: 'index',
      disableSources: true,
      excludeExternals: true,
      skipErrorChecking: true,
      parametersFormat: 'table',
      propertiesFormat: 'table',
      sort: ['alphabetical'],
    } as never,
  });

export { typeDocSidebarGroup as apiSidebarGroup };

/** A plugin of TypeDoc: calls the entries what users call them, not what their files are called. */
function nameEntries(app: Application): void {
  app.converter.on(Converter.EVENT_RESOLVE_END, ({ project }) => {
    for (const entry of project.getReflectionsByKind(ReflectionKind.Module)) {
      entry.name = entryOf(entry.name);
    }
  });
}

/** @throws Error for a module that is not an entry. */
function entryOf(moduleName: string): string {
  const files = [`${moduleName}.ts`, `${moduleName}/index.ts`];
  const entry = Object.keys(ENTRIES).find((name) => files.includes(ENTRIES[name] ?? ''));
  if (entry === undefined) throw new Error(`TypeDoc found "${moduleName}", which is not an entry.`);
  return entry;
}
