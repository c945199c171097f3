/**
 * The ends of the ranges of peer dependencies that are tested. A test compares the lowest ones with the ranges
 * themselves.
 */
export const PEER_VERSIONS: Readonly<Record<'lowest' | 'highest', Readonly<Record<string, string>>>> = {
  lowest: {
    '@openai/agents-core': '0.15.0',
    '@opentelemetry/api': '1.9.0',
    'better-sqlite3': '13.0.0',
    'drizzle-orm': '0.44.0',
  },
  highest: {
    '@openai/agents-core': '0.20.0',
    '@opentelemetry/api': '1.10.0',
    'better-sqlite3': '13.2.0',
    'drizzle-orm': '1.0.0-rc.5',
  },
};
