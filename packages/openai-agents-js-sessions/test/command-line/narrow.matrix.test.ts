// In a narrow terminal no line is wider than it is, whichever the database.
import { describeEngine } from '@stackone/test-servers/vitest';
import { beforeAll } from 'vitest';
import { describeNarrow, fillNarrow } from './narrow-terminal.js';

describeEngine(['postgres:18', 'mysql', 'mariadb:10.11'], ({ url }) => {
  beforeAll(() => fillNarrow(url));
  describeNarrow(() => url);
});
