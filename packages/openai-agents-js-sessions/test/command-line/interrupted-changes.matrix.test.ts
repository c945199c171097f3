// What changes many conversations may be killed or ended by Ctrl+C at any time, whichever the database.
import { describeEngine } from '@stackone/test-servers/vitest';
import { describeInterruptedChanges } from './interrupted-changes.js';

describeEngine(['postgres:18', 'mysql', 'mariadb:10.11'], ({ server }) => {
  describeInterruptedChanges(async () => server.url(await server.createDatabase()));
});
