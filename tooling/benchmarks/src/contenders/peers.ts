import { readFileSync } from 'node:fs';
import type { AgentInputItem } from '@openai/agents-core';
import type { Contender, Conversations } from '../contender.ts';
import type { EngineName } from '../engines/engine.ts';
import { makeTurn } from '../items.ts';

/** The folder of the peers: a project of its own, with its own lock file. */
export const PEERS_FOLDER = new URL('../../peers/', import.meta.url);

/** What a file of that folder exports: functions that open a database. They have no types: nothing there is installed
 * when the types are checked. */
interface PeerConversations extends Omit<Conversations, 'fill'> {
  /** Adds any number of items in one call that is quicker than turns. */
  fillWith?(conversation: string, items: readonly AgentInputItem[]): Promise<void>;
}

/** A library on one engine. */
interface Peer {
  readonly name: string;
  readonly rank: 'peer' | 'unranked';
  readonly engine: EngineName;
  /** The file of the peers' folder, and the function in it that opens a database. */
  readonly file: string;
  readonly open: string;
  /** The package that makes it a peer: its version is told. */
  readonly package: string;
  /** What an application imports of it, if it is not the package itself. */
  readonly loads?: string;
  readonly note?: string;
}

const LIBSQL_NOTE =
  'less durable: it sets synchronous = NORMAL, so that the last turns may be lost in a power cut';
const MASTRA_NOTE = 'orders by the time that its caller gives: here a time that grows with every item';
const VOLTAGENT_NOTE = 'orders by time, and the items of a turn share one';
const ADK_NOTE = 'one transaction for each item: turns are not atomic';
const LANGGRAPH_NOTE = 'another job: stores the whole state of a thread with every turn';

export const PEERS: readonly Peer[] = [
  {
    name: 'LangChain',
    rank: 'peer',
    engine: 'postgres',
    file: 'langchain.mjs',
    open: 'open',
    package: '@langchain/community',
    loads: '@langchain/community/stores/message/postgres',
    note: 'one INSERT for each item, no index: turns are not atomic',
  },
  {
    name: 'Mastra',
    rank: 'peer',
    engine: 'postgres',
    file: 'mastra.mjs',
    open: 'openPostgres',
    package: '@mastra/pg',
    note: MASTRA_NOTE,
  },
  {
    name: 'Mastra',
    rank: 'peer',
    engine: 'mysql',
    file: 'mastra.mjs',
    open: 'openMysql',
    package: '@mastra/mysql',
    note: MASTRA_NOTE,
  },
  {
    name: 'Mastra',
    rank: 'peer',
    engine: 'mariadb',
    file: 'mastra.mjs',
    open: 'openMysql',
    package: '@mastra/mysql',
    note: 'made for MySQL',
  },
  {
    name: 'Mastra',
    rank: 'unranked',
    engine: 'sqlite',
    file: 'mastra.mjs',
    open: 'openLibsql',
    package: '@mastra/libsql',
    note: LIBSQL_NOTE,
  },
  {
    name: 'VoltAgent',
    rank: 'peer',
    engine: 'postgres',
    file: 'voltagent.mjs',
    open: 'openPostgres',
    package: '@voltagent/postgres',
    note: VOLTAGENT_NOTE,
  },
  {
    name: 'VoltAgent',
    rank: 'peer',
    engine: 'sqlite',
    file: 'voltagent.mjs',
    open: 'openLibsql',
    package: '@voltagent/libsql',
    note: VOLTAGENT_NOTE,
  },
  {
    name: 'Google ADK',
    rank: 'peer',
    engine: 'postgres',
    file: 'google-adk.mjs',
    open: 'open',
    package: '@google/adk',
    note: ADK_NOTE,
  },
  {
    name: 'Google ADK',
    rank: 'peer',
    engine: 'mysql',
    file: 'google-adk.mjs',
    open: 'open',
    package: '@google/adk',
    note: ADK_NOTE,
  },
  {
    name: 'Google ADK',
    rank: 'peer',
    engine: 'mariadb',
    file: 'google-adk.mjs',
    open: 'open',
    package: '@google/adk',
    note: ADK_NOTE,
  },
  {
    name: 'LangGraph',
    rank: 'unranked',
    engine: 'postgres',
    file: 'langgraph.mjs',
    open: 'openPostgres',
    package: '@langchain/langgraph-checkpoint-postgres',
    note: LANGGRAPH_NOTE,
  },
  {
    name: 'LangGraph',
    rank: 'unranked',
    engine: 'sqlite',
    file: 'langgraph.mjs',
    open: 'openSqlite',
    package: '@langchain/langgraph-checkpoint-sqlite',
    note: LANGGRAPH_NOTE,
  },
];

/** The peers that exist for an engine. They are installed already. */
export function peersOf(engine: EngineName): Contender[] {
  const { dependencies } = JSON.parse(readFileSync(new URL('package.json', PEERS_FOLDER), 'utf8'));
  return PEERS.filter((peer) => peer.engine === engine).map(({ name, rank, file, open, note, ...peer }) => ({
    name,
    rank,
    version: `${peer.package} ${dependencies[peer.package]}`,
    ...(note !== undefined && { note }),
    async open(url) {
      const module = await import(new URL(file, PEERS_FOLDER).href);
      const { fillWith, ...conversations }: PeerConversations = await module[open](url);
      if (!fillWith) return conversations;
      return {
        ...conversations,
        fill: (conversation, turns) =>
          fillWith(
            conversation,
            Array.from({ length: turns }, (_, turn) => makeTurn(conversation, turn)).flat(),
          ),
      };
    },
  }));
}
