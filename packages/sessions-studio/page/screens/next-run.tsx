import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { Fate, NextRun, ShownEntry } from '../../src/wire.ts';
import { Entry } from '../items/entry.tsx';
import { ask } from '../server.ts';
import { VirtualList } from '../virtual-list.tsx';
import { wholeItem } from '../whole-item.ts';

const WHY: Readonly<Record<Exclude<Fate, 'handed'>, string>> = {
  shortened: 'handed over, but shortened: an old result of a tool',
  older: 'left out: older than the window',
  unpaired: 'left out: the call or the result that it belongs to is not handed over',
  compacted: 'not read by the runner: it stands before the last compaction',
};

const BOUNDS = [
  ['turns', 'Turns'],
  ['items', 'Items'],
  ['toolOutputs', 'Characters of old tool results'],
] as const;

/** What the next run is handed under a window, and what is left out, and why. */
export function NextRunView({ id, last }: { readonly id: string; readonly last: string | undefined }) {
  const bounds = useSignal<Readonly<Record<string, string>>>({});
  const next = useSignal<NextRun | undefined>(undefined);
  const failure = useSignal<string | undefined>(undefined);
  useEffect(() => {
    const end = new AbortController();
    ask<NextRun>('next', { id, ...bounds.value }, end.signal).then(
      (answer) => {
        next.value = answer;
        failure.value = undefined;
      },
      (error: Error) => {
        if (!end.signal.aborted) failure.value = error.message;
      },
    );
    return () => end.abort();
  }, [id, last, bounds.value]);
  const whole = (entry: ShownEntry) =>
    wholeItem(id, entry, next.value?.entries.map((one) => one.entry) ?? []);
  return (
    <>
      <form class="filters" onSubmit={(event) => event.preventDefault()}>
        {BOUNDS.map(([name, text]) => (
          <label key={name}>
            {text}{' '}
            <input
              type="number"
              min="1"
              name={name}
              value={bounds.value[name] ?? ''}
              onInput={(event) => {
                bounds.value = { ...bounds.value, [name]: event.currentTarget.value };
              }}
            />
          </label>
        ))}
      </form>
      {failure.value !== undefined && <p role="alert">{failure}</p>}
      {next.value && (
        <>
          <p class="handed" role="status">
            {next.value.handed === undefined
              ? 'Without a window the runner is handed all items.'
              : `The runner is handed ${next.value.handed} items.`}
            {next.value.hasOlder && ' Older ones are not shown.'}
          </p>
          <VirtualList
            class="turns"
            rows={next.value.entries}
            keyOf={({ entry }) => entry.id}
            height={90}
            fromEnd
            show={({ entry, fate }) => ({
              class: `fate ${fate}`,
              isStep: true,
              content: (
                <>
                  {fate !== 'handed' && <p class="why">{WHY[fate]}</p>}
                  <Entry entry={entry} whole={whole} />
                </>
              ),
            })}
          />
        </>
      )}
    </>
  );
}
