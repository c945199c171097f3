// What changes many conversations may be killed or ended by Ctrl+C at any time, and goes on when it is said again.
import { join } from 'node:path';
import { temporaryFolder } from '@stackone/test-environment';
import { describeInterruptedChanges } from './interrupted-changes.js';

describeInterruptedChanges(async () => `sqlite:${join(temporaryFolder(), 'sessions.db')}`);
