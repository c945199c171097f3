// The toy store of the core's tests, with a fault in one line: a limit gives the oldest items.
import { readFileSync } from 'node:fs';
import { protocol } from '@openai/agents-core';
import { SessionError } from '@stackone/sessions-core';
import { checkSessionId, decodeItem, encodeItems } from '@stackone/sessions-core/backend';

const source = readFileSync(
  new URL('../../../sessions-core/test/conformance/toy-store.mjs', import.meta.url),
  'utf8',
);
const line = 'return items.slice(Math.max(items.length - Math.ceil(limit), 0));';
if (!source.includes(line)) throw new Error('the line of the fault is not there');
const faulty = source.replace(line, 'return items.slice(0, Math.ceil(limit));');
const { createToyParts } = await import(`data:text/javascript,${encodeURIComponent(faulty)}`);

const isItem = (value) => protocol.ModelItem.safeParse(value).success;
const core = { checkSessionId, decodeItem, encodeItems, isItem, SessionError };
export const open = () => createToyParts(core);
