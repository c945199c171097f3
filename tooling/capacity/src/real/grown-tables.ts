import { schemaNames } from '@stackone/sessions-core/backend';

/** The tables that the model knows: those that grow with conversations. */
export function grownTables(): string[] {
  const { sessions, messages, operations, metadata, usage } = schemaNames();
  return [sessions, messages, operations, metadata, usage];
}
