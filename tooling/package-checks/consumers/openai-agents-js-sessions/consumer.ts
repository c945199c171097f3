// Compiled as an ES module and as CommonJS, then run, with nothing installed but the package.
import * as sessions from '@stackone/openai-agents-js-sessions';

void sessions;
