import { useSignal } from '@preact/signals';
import type { EntriesPage, ShownEntry } from '../../src/wire.ts';
import { CopyButton } from '../copy-button.tsx';
import { ask } from '../server.ts';

/** The rows as they are stored. */
export function RawView({ id, entries }: { readonly id: string; readonly entries: readonly ShownEntry[] }) {
  return (
    <ol class="turns">
      {entries.map((entry, at) => (
        <Row key={entry.id} id={id} entry={entry} next={entries[at + 1]?.id} />
      ))}
    </ol>
  );
}

/** @param next - The row behind it, before which it is read as a whole. */
function Row({
  id,
  entry,
  next,
}: {
  readonly id: string;
  readonly entry: ShownEntry;
  readonly next: string | undefined;
}) {
  const whole = useSignal<ShownEntry | undefined>(undefined);
  const { item, createdAt, size, isCut } = whole.value ?? entry;
  const readWhole = async () => {
    const { data } = await ask<EntriesPage>('entries', { id, before: next, whole: 1 });
    if (data[0]?.id === entry.id) whole.value = data[0];
  };
  return (
    <li class="turn" tabIndex={-1} data-step>
      <p class="about">
        row {entry.id}, {createdAt}, {size} characters <CopyButton value={item} label="Copy as JSON" />
        {isCut && (
          <button type="button" class="quiet" onClick={readWhole}>
            Read all of it
          </button>
        )}
      </p>
      <pre>{JSON.stringify(item, null, 2)}</pre>
    </li>
  );
}
