// Every command in a pipe, in a terminal, in a narrow one without colours, and killed.
import { join } from 'node:path';
import { temporaryFolder } from '@stackone/test-environment';
import { describeEveryCommand } from './every-command.js';

describeEveryCommand(async () => `sqlite:${join(temporaryFolder(), 'sessions.db')}`);
