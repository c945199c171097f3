import { withTimeLimit } from '@stackone/sessions-core/backend';
import type { Send } from './driver-types.js';
import { type Cluster, isServersWord, toCommitError, tooLate, toSessionError } from './errors.js';

/** Sends the statements of one call, throws `SessionError`s, and remembers what state they leave the connection in. */
export class Line {
  /** Nobody may use the connection again: it is lost, or its state is not known. */
  broken = false;
  /** The server only takes reads, so that another one may by now be in its place. */
  readOnly = false;
  readonly #send: Send;

  /** @param timeout - How long a statement is waited for, in ms; 0 is for ever. */
  constructor(send: Send, timeout: number) {
    this.#send = (sql) => withTimeLimit(timeout, send(sql), tooLate);
  }

  readonly send: Send = async (sql) => {
    try {
      return await this.#send(sql);
    } catch (error) {
      const known = toSessionError(error);
      this.broken ||= known.code === 'CONNECTION_FAILED' || !isServersWord(error);
      this.readOnly ||= known.code === 'READ_ONLY';
      throw known;
    }
  };

  /**
   * @param cluster - What the server is part of.
   * @throws SessionError `OUTCOME_UNKNOWN` for all but the server's own word that it rolled back.
   */
  async commit(sql: string, cluster: Cluster | undefined): Promise<void> {
    try {
      await this.#send(sql);
    } catch (error) {
      const known = toCommitError(error, cluster);
      this.broken ||= known.code === 'OUTCOME_UNKNOWN';
      throw known;
    }
  }
}
