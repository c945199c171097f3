// Every command in a pipe, in a terminal, in a narrow one without colours, and killed, whichever the database.
import { describeEngine } from '@stackone/test-servers/vitest';
import { describeEveryCommand } from './every-command.js';

describeEngine(['postgres:18', 'mysql', 'mariadb:10.11'], ({ server }) => {
  describeEveryCommand(async () => server.url(await server.createDatabase()));
});
