// The store of a URL, with whatever driver the bundler found.
import { openSessionStore } from '@stackone/openai-agents-js-sessions';
import { hello } from './hello.mjs';

hello(() => openSessionStore(process.argv[2], { maxRetries: 0 }));
