export const ENGINE_NAMES = ['memory', 'sqlite', 'postgres', 'mysql', 'mariadb'] as const;
export type EngineName = (typeof ENGINE_NAMES)[number];

/** Settings of a server by their names on its command line. */
export type ServerSettings = Readonly<Record<string, string>>;

/** A database engine that is running, with its default durability. */
export interface Engine {
  readonly name: EngineName;
  /** With its version, such as `PostgreSQL 18.4`. */
  readonly title: string;
  /** What the engine says of its durability and memory. */
  readonly settings: Readonly<Record<string, string>>;
  /** The server, if there is one that a proxy can stand before. */
  readonly server?: {
    readonly host: string;
    readonly port: number;
    readonly engine: 'postgres' | 'mysql' | 'mariadb';
  };
  /** Whether {@link fill} works. */
  readonly hasTables: boolean;
  /** Whether all that works for it is below this process. A server by Docker is not. */
  readonly isBelow: boolean;
  /** Makes an empty database and returns its URL. */
  makeDatabase(): Promise<string>;
  /** How many connections the server has to a database. */
  connections(url: string): Promise<number>;
  /** Fills a conversation with the turns 0 to `turns` - 1 by SQL alone. The tables are there. */
  fill(url: string, conversation: string, turns: number): Promise<void>;
  stop(): Promise<void>;
}
