// In a narrow terminal no line is wider than it is, and nothing that was said is lost.
import { join } from 'node:path';
import { temporaryFolder } from '@stackone/test-environment';
import { describeNarrow, fillNarrow } from './narrow-terminal.js';

const url = `sqlite:${join(temporaryFolder(), 'sessions.db')}`;
await fillNarrow(url);
describeNarrow(() => url);
