import type { RunContext } from '@openai/agents-core';
import type { ItemCodec } from '../items/item-codec.js';
import type { Awaitable } from '../port/awaitable.js';
import type { SessionBackend } from '../port/backend.js';
import { CALL_LIMIT_CHECKS, type CallLimits } from '../port/call-limits.js';
import { checkOptions, type OptionCheck } from '../port/options.js';
import type { SessionWindow } from '../window/window.js';
import type { SessionHost, SessionOperation } from './session-host.js';
import { StoredItems } from './stored-items.js';

/** The conversation that a call is about. */
export interface Conversation {
  readonly storedId: string;
  readonly codec: ItemCodec;
  readonly items: StoredItems;
}

/** A call of a session, in two steps. */
export interface ConversationCall<Checked, Result> {
  /** The options of the call, with how long the caller waits. They are looked at before `check` is called. */
  readonly options?: CallLimits | undefined;
  /** The checks of its options, where it has more than limits. */
  readonly optionChecks?: Readonly<Record<string, OptionCheck>>;
  /** The length of the items that are added, where the store limits how much may wait. */
  bytes?(checked: Checked): number;
  /** Looks at the arguments and copies what may change, before the method returns. */
  check(conversation: Conversation): Checked;
  /** Does the work, when the turn of the call has come. */
  work(backend: SessionBackend, conversation: Conversation, checked: Checked): Awaitable<Result>;
}

/** Makes the calls of one session. */
export class ConversationCalls {
  readonly host: SessionHost;
  /** The session's window, until something ends it. */
  window: SessionWindow | undefined;
  readonly #storedIdOf: (runContext: RunContext<unknown> | undefined) => string;
  /** That of the last call: most sessions have only one. */
  #conversation: Conversation | undefined;

  constructor(
    host: SessionHost,
    storedIdOf: (runContext: RunContext<unknown> | undefined) => string,
    window: SessionWindow | undefined,
  ) {
    this.host = host;
    this.window = window;
    this.#storedIdOf = storedIdOf;
  }

  perform<Checked, Result>(
    operation: SessionOperation,
    runContext: RunContext<unknown> | undefined,
    { options, optionChecks, bytes, check, work }: ConversationCall<Checked, Result>,
  ): Promise<Result> {
    return this.host.perform(operation, () => {
      const conversation = this.conversationOf(runContext);
      if (options !== undefined) checkOptions(operation, options, optionChecks ?? CALL_LIMIT_CHECKS);
      const checked = check(conversation);
      return {
        storedId: conversation.storedId,
        exclusive: this.window !== undefined,
        limits: options,
        bytes: bytes?.(checked),
        work: (backend) => work(backend, conversation, checked),
      };
    });
  }

  /** The conversation that a run with this context means. @throws SessionError `TENANT_MISSING` */
  conversationOf(runContext: RunContext<unknown> | undefined): Conversation {
    const storedId = this.#storedIdOf(runContext);
    if (this.#conversation?.storedId !== storedId) {
      const codec = this.host.codec(storedId);
      this.#conversation = { storedId, codec, items: new StoredItems(storedId, this.host, codec) };
    }
    return this.#conversation;
  }
}
