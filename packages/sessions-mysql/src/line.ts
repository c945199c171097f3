import { isSessionError, SessionError } from '@stackone/sessions-core';
import { withTimeLimit } from '@stackone/sessions-core/backend';
import type { Answer, Send, SendTogether } from './driver-types.js';
import { type Cluster, isServersWord, toCommitError, tooLate, toSessionError } from './errors.js';

/** Sends the statements of one call, throws `SessionError`s, and remembers what state they leave the connection in. */
export class Line {
  /** Nobody may use the connection again: it is lost, or its state is not known. */
  broken = false;
  /** The server only takes reads, so that another one may by now be in its place. */
  readOnly = false;
  readonly #send: Send;
  readonly #sendTogether: SendTogether | undefined;

  /**
   * @param timeout - How long a text is waited for, in ms; 0 is for ever.
   * @param sendTogether - Absent where a text can only be one statement.
   */
  constructor(send: Send, timeout: number, sendTogether?: SendTogether) {
    this.#send = (sql) => withTimeLimit(timeout, send(sql), tooLate);
    this.#sendTogether =
      sendTogether &&
      ((statements, onAnswer) => withTimeLimit(timeout, sendTogether(statements, onAnswer), tooLate));
  }

  /** Whether a text can be several statements. */
  get takesSeveral(): boolean {
    return this.#sendTogether !== undefined;
  }

  readonly send: Send = async (sql) => {
    try {
      return await this.#send(sql);
    } catch (error) {
      throw this.#failed(error);
    }
  };

  /** Sends statements, of which none commits, in one text if it can be. */
  async sendAll(...statements: readonly string[]): Promise<readonly Answer[]> {
    if (this.#sendTogether && statements.length > 1) {
      try {
        return whole(statements, await this.#sendTogether(statements, () => undefined));
      } catch (error) {
        throw this.#failed(error);
      }
    }
    const answers: Answer[] = [];
    for (const statement of statements) answers.push(await this.send(statement));
    return answers;
  }

  /**
   * Asks in one text, where that is not known to work.
   *
   * @returns No answers where a statement failed, or a proxy refused the text or stopped it.
   */
  async askTogether(statements: readonly string[]) {
    let done = 0;
    try {
      const answers = await (this.#sendTogether as SendTogether)(statements, () => {
        done += 1;
      });
      const isWhole = answers.length === statements.length;
      return { answers: isWhole ? answers : [], takesSeveral: isWhole };
    } catch (error) {
      if (isSessionError(error)) throw this.#failed(error);
      this.#failed(error);
      return { answers: [], takesSeveral: done > 0 && !this.broken };
    }
  }

  /**
   * Sends statements of which the last one commits, in one text if there are several: that has to be possible then. After a SessionError
   * that is not `OUTCOME_UNKNOWN` nothing of the transaction is stored, and it may still be open.
   *
   * @param cluster - What the server is part of.
   * @returns The answers.
   * @throws SessionError `OUTCOME_UNKNOWN` for all but the server's own word that it did not commit, or rolled back.
   */
  async commit(cluster: Cluster | undefined, ...statements: readonly string[]): Promise<readonly Answer[]> {
    const [commit, ...others] = statements;
    if (commit === undefined || others.length > 0) return this.#commitTogether(cluster, statements);
    try {
      return [await this.#send(commit)];
    } catch (error) {
      throw this.#notCommitted(error, cluster);
    }
  }

  /** A text ends at the first statement that fails: which one it was says whether the last one, which commits, was begun. */
  async #commitTogether(
    cluster: Cluster | undefined,
    statements: readonly string[],
  ): Promise<readonly Answer[]> {
    let done = 0;
    let answers: readonly Answer[];
    try {
      answers = await (this.#sendTogether as SendTogether)(statements, () => {
        done += 1;
      });
    } catch (error) {
      const isRefused = done < statements.length - 1 && isServersWord(error);
      throw isRefused ? this.#failed(error) : this.#notCommitted(error, cluster);
    }
    return whole(statements, answers);
  }

  #failed(error: unknown): SessionError {
    const known = toSessionError(error);
    const isStopped = known === error && known.code === 'BUSY';
    this.broken ||= known.code === 'CONNECTION_FAILED' || !(isStopped || isServersWord(error));
    this.readOnly ||= known.code === 'READ_ONLY';
    return known;
  }

  #notCommitted(error: unknown, cluster: Cluster | undefined): SessionError {
    const known = toCommitError(error, cluster);
    this.broken ||= known.code === 'OUTCOME_UNKNOWN';
    return known;
  }
}

/** @throws SessionError `BUSY` if not all statements of a text were run: a KILL QUERY between two of them says nothing else. */
function whole(statements: readonly string[], answers: readonly Answer[]): readonly Answer[] {
  if (answers.length === statements.length) return answers;
  throw new SessionError(
    'BUSY',
    'The database stopped the call between two statements. Nothing was written.',
  );
}
