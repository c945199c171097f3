import type { EngineName } from './engines/engine.ts';
import { runEngine, type Selection } from './run-engine.ts';

/** What the process is asked for, as its only message. */
export interface Order {
  readonly engine: EngineName;
  readonly selection: Selection;
}

process.once('message', async ({ engine, selection }: Order) => {
  const result = await runEngine(engine, selection, (line) => process.send?.({ line }));
  // a contender that hung keeps the process alive for ever
  process.send?.({ result }, () => process.exit(0));
});
