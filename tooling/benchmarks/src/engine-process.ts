import { inspect } from 'node:util';
import type { EngineName } from './engines/engine.ts';
import { BusyMachine } from './other-work.ts';
import type { EngineResult } from './results.ts';
import { runEngine, type Selection } from './run-engine.ts';

/** What the process is asked for, as its only message. */
export interface Order {
  readonly engine: EngineName;
  readonly selection: Selection;
}

/** What the process says: how far it is, and at the end one of the others. */
export interface EngineMessage {
  readonly line?: string;
  readonly result?: EngineResult;
  /** Why there is no result: the machine was busy. */
  readonly busy?: string;
}

const say = (line: string): void => void process.send?.({ line } satisfies EngineMessage);

const OUR_CODE = /\/packages\/[\w-]*sessions[\w-]*\/|\/benchmarks\/src\//;

/**
 * A library may fail outside of any call, as when the server ends under a pool that hangs. That ends nobody else. (The
 * SDK, when it is loaded, would end the process at an unhandled rejection without telling which.)
 */
function failedOutside(error: unknown): void {
  const stack = error instanceof Error ? `${error.stack}` : inspect(error);
  if (OUR_CODE.test(stack)) {
    console.error(error);
    process.exit(1);
  }
  say(`a library failed outside of its calls: ${stack.split('\n')[0]}`);
}
process.on('uncaughtException', failedOutside);
process.on('unhandledRejection', failedOutside);

process.once('message', async (order: Order) => {
  // a contender that hung keeps the process alive for ever
  process.send?.(await outcome(order), () => process.exit(0));
});

async function outcome({ engine, selection }: Order): Promise<EngineMessage> {
  try {
    return { result: await runEngine(engine, selection, say) };
  } catch (error) {
    if (error instanceof BusyMachine) return { busy: error.message };
    throw error;
  }
}
