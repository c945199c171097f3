import { SqliteSessionStore } from '@stackone/sessions-sqlite';
import Database from 'better-sqlite3/linux-x64';
import { hello } from './hello.mjs';

hello(() => SqliteSessionStore.fromUrl(process.argv[2], { driver: Database }));
