import { type Signal, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { About, EntriesPage, SessionDetails, ShownEntry } from '../../src/wire.ts';
import { CopyButton } from '../copy-button.tsx';
import { hashOf, VIEWS, type View } from '../route.ts';
import { ask, follow } from '../server.ts';
import { timeText } from '../times.ts';
import { Changes } from './changes.tsx';
import { NextRunView } from './next-run.tsx';
import { RawView } from './raw.tsx';
import { TurnsView } from './turns.tsx';

const NAMES: Readonly<Record<View, string>> = {
  conversation: 'Conversation',
  next: 'Next run',
  raw: 'Raw rows',
};

/** A conversation, as it goes on. */
export function ConversationScreen({
  id,
  view,
  about,
}: {
  readonly id: string;
  readonly view: View;
  readonly about: About;
}) {
  const details = useSignal<SessionDetails | undefined>(undefined);
  const entries = useSignal<readonly ShownEntry[]>([]);
  const hasOlder = useSignal(false);
  const failure = useSignal<string | undefined>(undefined);
  const round = useSignal(0);

  useEffect(() => {
    const end = new AbortController();
    read(id, { details, entries, hasOlder }, end.signal).catch((error: Error) => {
      if (!end.signal.aborted) failure.value = error.message;
    });
    return () => end.abort();
  }, [id, round.value]);

  const older = async () => {
    const page = await ask<EntriesPage>('entries', { id, before: entries.value[0]?.id });
    entries.value = [...page.data, ...entries.value];
    hasOlder.value = page.hasMore;
  };
  const again = () => {
    round.value++;
  };
  if (failure.value !== undefined) return <p role="alert">{failure}</p>;
  const shown = details.value;
  if (!shown) return <p>Reading…</p>;
  return (
    <section aria-labelledby="conversation">
      <h2 id="conversation">{shown.title ?? shown.id}</h2>
      <p class="note">
        {shown.title !== undefined && `${shown.id}, `}made {timeText(shown.createdAt)}, changed{' '}
        {timeText(shown.updatedAt)}
        {Object.keys(shown.metadata).length > 0 && `, metadata ${JSON.stringify(shown.metadata)}`}
      </p>
      <nav aria-label="Views">
        {VIEWS.map((one) => (
          <a key={one} href={hashOf(id, one)} aria-current={one === view ? 'page' : undefined}>
            {NAMES[one]}
          </a>
        ))}
        <CopyButton value={entries.value.map(({ item }) => item)} label="Copy what is shown as JSON" />
      </nav>
      {!about.readOnly && <Changes details={shown} about={about} again={again} />}
      {view !== 'next' && hasOlder.value && (
        <button type="button" onClick={older}>
          Older items
        </button>
      )}
      {view === 'conversation' && (
        <TurnsView
          details={shown}
          entries={entries.value}
          rewinds={!about.readOnly && about.rewinds}
          again={again}
        />
      )}
      {view === 'next' && <NextRunView id={id} last={entries.value.at(-1)?.id} />}
      {view === 'raw' && <RawView id={id} entries={entries.value} />}
    </section>
  );
}

interface Shown {
  readonly details: Signal<SessionDetails | undefined>;
  readonly entries: Signal<readonly ShownEntry[]>;
  readonly hasOlder: Signal<boolean>;
}

/** Reads a conversation and goes on with what comes. */
async function read(id: string, { details, entries, hasOlder }: Shown, signal: AbortSignal): Promise<void> {
  const [about, page] = await Promise.all([
    ask<SessionDetails>('session', { id }, signal),
    ask<EntriesPage>('entries', { id }, signal),
  ]);
  details.value = about;
  entries.value = page.data;
  hasOlder.value = page.hasMore;
  await follow<ShownEntry>(
    'watch',
    () => ({ id, after: entries.value.at(-1)?.id }),
    signal,
    (entry) => {
      const isAtEnd = innerHeight + scrollY >= document.documentElement.scrollHeight - 80;
      entries.value = [...entries.value, entry];
      if (isAtEnd) requestAnimationFrame(() => scrollTo(0, document.documentElement.scrollHeight));
    },
  );
}
