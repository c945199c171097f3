import { useSignal } from '@preact/signals';
import type { PruneCount } from '../../src/wire.ts';
import { confirm } from '../confirm.tsx';
import { ask, change } from '../server.ts';
import { timeText } from '../times.ts';

/** Removes conversations whose last turn is old, after it said how many. */
export function PruneScreen() {
  const days = useSignal('90');
  const count = useSignal<PruneCount | undefined>(undefined);
  const said = useSignal<string | undefined>(undefined);
  const failure = useSignal<string | undefined>(undefined);
  const look = async (event: SubmitEvent) => {
    event.preventDefault();
    said.value = undefined;
    try {
      count.value = await ask<PruneCount>('prune', { days: days.value });
      failure.value = undefined;
    } catch (error) {
      failure.value = (error as Error).message;
    }
  };
  const remove = ({ before, conversations }: PruneCount) =>
    confirm({
      title: `Remove ${conversations} conversations?`,
      text: `All that did not change since ${timeText(before)} are removed, but for those with a run that goes on or waits. They cannot be brought back.`,
      action: 'Remove them',
      isHarm: true,
      act: async () => {
        const done = await change<{ conversations: number }>('prune', { before });
        count.value = undefined;
        said.value = `${done.conversations} conversations were removed.`;
      },
    });
  return (
    <section aria-labelledby="prune">
      <h2 id="prune">Remove what is old</h2>
      <form class="filters" onSubmit={look}>
        <label>
          Not changed for days{' '}
          <input
            type="number"
            min="1"
            required
            value={days}
            onInput={(event) => {
              days.value = event.currentTarget.value;
              count.value = undefined;
            }}
          />
        </label>
        <button type="submit">Count them</button>
      </form>
      {failure.value !== undefined && <p role="alert">{failure}</p>}
      {said.value !== undefined && <p role="status">{said}</p>}
      {count.value && (
        <p role="status">
          {count.value.conversations.toLocaleString()} conversations did not change since{' '}
          {timeText(count.value.before)}.
        </p>
      )}
      {count.value && count.value.conversations > 0 && (
        <p class="buttons">
          <button type="button" class="danger" onClick={() => count.value && remove(count.value)}>
            Remove them…
          </button>
        </p>
      )}
    </section>
  );
}
