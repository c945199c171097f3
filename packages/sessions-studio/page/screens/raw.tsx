import { useSignal } from '@preact/signals';
import type { ShownEntry } from '../../src/wire.ts';
import { asJson } from '../copies.ts';
import { CopyButton } from '../copy-button.tsx';
import type { EntryWindow } from '../entry-window.ts';
import { VirtualList } from '../virtual-list.tsx';
import { wholeItem } from '../whole-item.ts';

/** The rows as they are stored. */
export function RawView({ id, held }: { readonly id: string; readonly held: EntryWindow }) {
  const entries = held.entries.value;
  return (
    <VirtualList
      class="turns"
      rows={entries}
      keyOf={(entry) => entry.id}
      height={120}
      fromEnd
      nearStart={held.older}
      nearEnd={held.newer}
      show={(entry) => ({
        class: 'turn',
        isStep: true,
        content: <Row entry={entry} whole={() => wholeItem(id, entry, entries)} />,
      })}
    />
  );
}

function Row({ entry, whole }: { readonly entry: ShownEntry; readonly whole: () => Promise<unknown> }) {
  const read = useSignal<{ readonly item: unknown } | undefined>(undefined);
  const failure = useSignal<string | undefined>(undefined);
  const readWhole = async () => {
    try {
      read.value = { item: await whole() };
      failure.value = undefined;
    } catch (error) {
      failure.value = (error as Error).message;
    }
  };
  return (
    <article class="entry">
      <p class="head">
        <span class="note">
          row {entry.id}, {entry.createdAt}, {entry.size.toLocaleString()} characters
        </span>
        <span>
          {entry.isCut && read.value === undefined && (
            <button type="button" class="quiet" onClick={readWhole}>
              Read all of it
            </button>
          )}
          <CopyButton text={async () => asJson(await whole())} label="Copy as JSON" />
        </span>
      </p>
      {failure.value !== undefined && <p role="alert">{failure}</p>}
      <pre>{asJson(read.value ? read.value.item : entry.item)}</pre>
    </article>
  );
}
