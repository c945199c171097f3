import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { OPERATION_CHANNEL } from '@stackone/openai-agents-js-sessions';
import { canaryIn, type Shown } from './walk.ts';

/** What is heard while `work` goes on, besides what it returns: the console, streams, warnings, diagnostics. */
export async function overhear(work: () => Promise<void>): Promise<string[]> {
  const leaks: string[] = [];
  const look = (where: string, value: unknown, shown?: Shown) => {
    const found = canaryIn(value, shown);
    if (found) leaks.push(`${where}${found}`);
  };
  // it is inherited, so that nothing that prints the message shows it
  const onOperation = (message: unknown) =>
    look('diagnostics', message, { exempt: (key) => key === 'sessionId' });
  const onWarning = (warning: unknown) => look('process warning', warning);
  const restore = [console, process.stdout, process.stderr].flatMap((object) =>
    spyOn(object, (value) => look('printed', value)),
  );
  subscribe(OPERATION_CHANNEL, onOperation);
  process.on('warning', onWarning);
  try {
    await work();
    // warnings of the process come a tick later
    await new Promise((resolve) => setImmediate(resolve));
  } finally {
    process.off('warning', onWarning);
    unsubscribe(OPERATION_CHANNEL, onOperation);
    for (const undo of restore) undo();
  }
  return leaks;
}

const PRINTERS = ['debug', 'dir', 'error', 'info', 'log', 'trace', 'warn', 'write'];

function spyOn(object: object, look: (value: unknown) => void): (() => void)[] {
  return PRINTERS.flatMap((name) => {
    const original: unknown = Reflect.get(object, name);
    if (typeof original !== 'function') return [];
    Reflect.set(object, name, (...values: unknown[]) => {
      for (const value of values) look(value);
      return Reflect.apply(original, object, values);
    });
    return [() => void Reflect.set(object, name, original)];
  });
}
