import { useSignal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import type { EntriesPage, ShownEntry } from '../../src/wire.ts';
import { asJson } from '../copies.ts';
import { CopyButton } from '../copy-button.tsx';
import type { EntryWindow } from '../entry-window.ts';
import { ask } from '../server.ts';
import { VirtualList } from '../virtual-list.tsx';

interface RawRow {
  readonly entry: ShownEntry;
  /** Where it is read as a whole. */
  readonly place: { readonly after: string } | { readonly before?: string | undefined };
}

/** The rows as they are stored. */
export function RawView({ id, held }: { readonly id: string; readonly held: EntryWindow }) {
  const entries = held.entries.value;
  const rows = useMemo(
    () =>
      entries.map((entry, at): RawRow => {
        const previous = entries[at - 1];
        return { entry, place: previous ? { after: previous.id } : { before: entries[at + 1]?.id } };
      }),
    [entries],
  );
  return (
    <VirtualList
      class="turns"
      rows={rows}
      keyOf={({ entry }) => entry.id}
      height={120}
      fromEnd
      nearStart={held.older}
      nearEnd={held.newer}
      show={(row) => ({ class: 'turn', isStep: true, content: <Row id={id} {...row} /> })}
    />
  );
}

function Row({ id, entry, place }: RawRow & { readonly id: string }) {
  const whole = useSignal<ShownEntry | undefined>(undefined);
  const { item, createdAt, size, isCut } = whole.value ?? entry;
  const readWhole = async () => {
    const { data } = await ask<EntriesPage>('entries', { id, ...place, whole: 1 });
    if (data[0]?.id === entry.id) whole.value = data[0];
  };
  return (
    <>
      <p class="about">
        row {entry.id}, {createdAt}, {size} characters{' '}
        <CopyButton text={() => asJson(item)} label="Copy as JSON" />
        {isCut && (
          <button type="button" class="quiet" onClick={readWhole}>
            Read all of it
          </button>
        )}
      </p>
      <pre>{JSON.stringify(item, null, 2)}</pre>
    </>
  );
}
