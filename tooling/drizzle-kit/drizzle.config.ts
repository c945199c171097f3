import { type Config, defineConfig } from 'drizzle-kit';

const { DIALECT, TABLES, OUT, DATABASE_URL = '', SCHEMA = 'public' } = process.env;

export default defineConfig({
  dialect: DIALECT,
  schema: `./schemas/${TABLES}.ts`,
  out: OUT,
  schemaFilter: [SCHEMA],
  // what a store made itself and is not among the tables would be dropped
  ...(TABLES === 'of-an-application' && { tablesFilter: ['!agent_*'] }),
  dbCredentials: { url: DATABASE_URL },
} as Config);
