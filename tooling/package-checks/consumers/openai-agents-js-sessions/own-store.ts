// Checked by the command line, with nothing installed but the package.
import { MemorySessionStore } from '@stackone/openai-agents-js-sessions';

export const open = (): MemorySessionStore => new MemorySessionStore();
