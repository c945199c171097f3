import { type Signal, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { About, SessionDetails, ShownEntry } from '../../src/wire.ts';
import { asCurl, asFixture, asJson, wholeItems } from '../copies.ts';
import { CopyButton } from '../copy-button.tsx';
import { EntryWindow } from '../entry-window.ts';
import { Metadata } from '../metadata.tsx';
import { hashOf, VIEWS, type View } from '../route.ts';
import { ask } from '../server.ts';
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
  const window = useSignal<EntryWindow | undefined>(undefined);
  const failure = useSignal<string | undefined>(undefined);
  const round = useSignal(0);

  useEffect(() => {
    const end = new AbortController();
    const begun = new EntryWindow(id, end.signal);
    const read = async () => {
      const [about] = await Promise.all([ask<SessionDetails>('session', { id }, end.signal), begun.begin()]);
      details.value = about;
      window.value = begun;
      await begun.follow();
    };
    read().catch((error: Error) => {
      if (!end.signal.aborted) failure.value = error.message;
    });
    return () => end.abort();
  }, [id, round.value]);

  const again = () => {
    round.value++;
  };
  if (failure.value !== undefined) return <p role="alert">{failure}</p>;
  const shown = details.value;
  const held = window.value;
  if (!shown || !held) return <p role="status">Reading…</p>;
  return (
    <section aria-labelledby="conversation">
      <div class="titled">
        <h2 id="conversation">{shown.title ?? shown.id}</h2>
        {!about.readOnly && <Changes details={shown} about={about} again={again} />}
      </div>
      <p class="note">
        {shown.title !== undefined && <span class="id">{shown.id}</span>} made {timeText(shown.createdAt)},
        changed {timeText(shown.updatedAt)} <Metadata metadata={shown.metadata} />
      </p>
      <nav class="views" aria-label="Views">
        {VIEWS.map((one) => (
          <a key={one} href={hashOf(id, one)} aria-current={one === view ? 'page' : undefined}>
            {NAMES[one]}
          </a>
        ))}
        <Copies id={id} entries={held.entries} />
      </nav>
      {held.failure.value !== undefined && <p role="alert">{held.failure}</p>}
      {view === 'conversation' && (
        <TurnsView details={shown} held={held} rewinds={!about.readOnly && about.rewinds} again={again} />
      )}
      {view === 'next' && <NextRunView id={id} last={held.newest.value} />}
      {view === 'raw' && <RawView id={id} held={held} />}
    </section>
  );
}

/** Ways to take the items that are held along. */
function Copies({ id, entries }: { readonly id: string; readonly entries: Signal<readonly ShownEntry[]> }) {
  const items = () => wholeItems(id, entries.value);
  return (
    <span class="copies">
      <CopyButton label="Copy what is shown as JSON" text={async () => asJson(await items())} />
      <CopyButton label="as curl" text={() => asCurl(id, entries.value)} />
      <CopyButton label="as a test fixture" text={async () => asFixture(id, await items())} />
    </span>
  );
}
