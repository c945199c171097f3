// A module for torture(): the file session of the SDK's own examples, from a checkout of openai/openai-agents-js that
// the variable OPENAI_AGENTS_JS names. It is in no package, so that only this can be repeated: docs/faults.md has the command.
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Session } from '@openai/agents-core';

/** @param folder - The `file:` URL of the folder with the files. */
export async function open(id: string, folder: string): Promise<Session> {
  const { OPENAI_AGENTS_JS: checkout } = process.env;
  if (!checkout) throw new Error('OPENAI_AGENTS_JS names no checkout of openai/openai-agents-js.');
  const example = resolve(checkout, 'examples/memory/sessions/file.ts');
  const { FileSession } = await import(pathToFileURL(example).href);
  return new FileSession({ dir: fileURLToPath(folder), sessionId: id });
}
