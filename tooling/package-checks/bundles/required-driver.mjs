import { createRequire } from 'node:module';
import { openSessionStore } from '@stackone/openai-agents-js-sessions';
import { hello } from './hello.mjs';

const require = createRequire(import.meta.url); // esbuild leaves this one alone
const drivers = {
  pg: require('pg'),
  mysql2: require('mysql2'),
  'better-sqlite3': require('better-sqlite3'),
};
hello(() => openSessionStore(process.argv[2], { drivers }));
