import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { SessionsPage, ShownSession } from '../../src/wire.ts';
import { Metadata } from '../metadata.tsx';
import { goTo, hashOf } from '../route.ts';
import { ask, follow } from '../server.ts';
import { shortTimeText, timeText } from '../times.ts';
import { VirtualList } from '../virtual-list.tsx';

/** How long news gather before the list is read again, in ms. */
const GATHER = 250;

const ORDERS = [
  ['changed desc', 'last change first'],
  ['changed asc', 'oldest change first'],
  ['created desc', 'newest first'],
  ['id asc', 'by id'],
] as const;
const DAYS = [
  ['', 'of any time'],
  ['1', 'of the last day'],
  ['7', 'of the last week'],
  ['30', 'of the last month'],
] as const;

/** A list that is longer than this goes on by a link, so that it fits into the memory of a page. */
const LONGEST = 20_000;

/** The conversations of the store, as they change. */
export function ListScreen({ filters }: { readonly filters: URLSearchParams }) {
  const sessions = useSignal<readonly ShownSession[] | undefined>(undefined);
  const nextCursor = useSignal<string | undefined>(undefined);
  const failure = useSignal<string | undefined>(undefined);
  const isAsking = useRef(false);
  const asked = filters.toString();

  const parameters = () => {
    const [by, order] = (filters.get('order') ?? 'changed desc').split(' ');
    const { search, days, after } = Object.fromEntries(filters);
    return { search, days, after, by, order };
  };

  useEffect(() => {
    const end = new AbortController();
    let isAnother = true;
    const read = async () => {
      try {
        const page = await ask<SessionsPage>('sessions', parameters(), end.signal);
        const rest = isAnother ? [] : restBehind(page.data, sessions.value ?? []);
        isAnother = false;
        sessions.value = [...page.data, ...rest];
        if (rest.length === 0) nextCursor.value = page.nextCursor;
        failure.value = undefined;
      } catch (error) {
        if (!end.signal.aborted) failure.value = (error as Error).message;
      }
    };
    let waiting: ReturnType<typeof setTimeout> | undefined;
    void read();
    void follow(
      'changes',
      () => ({}),
      end.signal,
      () => {
        waiting ??= setTimeout(() => {
          waiting = undefined;
          void read();
        }, GATHER);
      },
    );
    return () => {
      end.abort();
      clearTimeout(waiting);
    };
  }, [asked]);

  const isLongest = (sessions.value?.length ?? 0) >= LONGEST;
  const more = async () => {
    const after = nextCursor.value;
    if (after === undefined || isAsking.current || isLongest) return;
    isAsking.current = true;
    try {
      const page = await ask<SessionsPage>('sessions', { ...parameters(), after });
      // what is shown may have been another list meanwhile
      if (nextCursor.value !== after) return;
      const known = new Set(sessions.value?.map(({ id }) => id));
      sessions.value = [...(sessions.value ?? []), ...page.data.filter(({ id }) => !known.has(id))];
      nextCursor.value = page.nextCursor;
    } catch (error) {
      failure.value = (error as Error).message;
    } finally {
      isAsking.current = false;
    }
  };
  const goOn = () => {
    const on = new URLSearchParams(filters);
    on.set('after', nextCursor.value ?? '');
    return `#/?${on}`;
  };
  const filter = (name: string, value: string) => {
    const changed = new URLSearchParams(filters);
    if (value === '') changed.delete(name);
    else changed.set(name, value);
    changed.delete('after');
    goTo(`#/?${changed}`);
  };

  return (
    <section aria-labelledby="conversations">
      <h2 id="conversations">Conversations</h2>
      <form class="filters" onSubmit={(event) => event.preventDefault()}>
        <label>
          Id begins with{' '}
          <input
            type="search"
            value={filters.get('search') ?? ''}
            onInput={(event) => filter('search', event.currentTarget.value)}
          />
        </label>
        <Choice
          name="Order"
          options={ORDERS}
          value={filters.get('order') ?? ''}
          choose={(value) => filter('order', value)}
        />
        <Choice
          name="Changed"
          options={DAYS}
          value={filters.get('days') ?? ''}
          choose={(value) => filter('days', value)}
        />
      </form>
      {failure.value !== undefined && <p role="alert">{failure}</p>}
      {sessions.value?.length === 0 && (
        <p class="empty" role="status">
          {asked === ''
            ? 'There is no conversation yet. The first turn of an agent makes one, and it is shown here.'
            : 'There is no such conversation.'}
        </p>
      )}
      {filters.has('after') && (
        <p class="note">
          This is not the beginning. <a href="#/">All conversations</a>
        </p>
      )}
      <VirtualList
        class="sessions"
        rows={sessions.value ?? []}
        keyOf={({ id }) => id}
        height={44}
        nearEnd={more}
        show={(session) => ({ content: <Row {...session} /> })}
      />
      {isLongest && nextCursor.value !== undefined && (
        <p>
          <a href={goOn()}>Go on behind these {sessions.value?.length} conversations</a>
        </p>
      )}
    </section>
  );
}

function Row({ id, title, metadata, updatedAt }: ShownSession) {
  return (
    <a href={hashOf(id)} data-step>
      <span class="title">{title ?? id}</span>
      {title !== undefined && <span class="id">{id}</span>}
      <Metadata metadata={metadata} />
      <span class="note time" title={timeText(updatedAt)}>
        {shortTimeText(updatedAt)}
      </span>
    </a>
  );
}

/** What of a list that was read before stands behind a page of it that was read again; nothing where the two do not meet. */
function restBehind(page: readonly ShownSession[], before: readonly ShownSession[]): ShownSession[] {
  const ids = new Set(page.map(({ id }) => id));
  const lastKnown = before.findLastIndex(
    ({ id, updatedAt }) => ids.has(id) && page.some((one) => one.id === id && one.updatedAt === updatedAt),
  );
  return lastKnown < 0 ? [] : before.slice(lastKnown + 1).filter(({ id }) => !ids.has(id));
}

function Choice({
  name,
  options,
  value,
  choose,
}: {
  readonly name: string;
  readonly options: readonly (readonly [value: string, text: string])[];
  readonly value: string;
  readonly choose: (value: string) => void;
}) {
  return (
    <label>
      {name}{' '}
      <select value={value || options[0]?.[0]} onChange={(event) => choose(event.currentTarget.value)}>
        {options.map(([one, text]) => (
          <option key={one} value={one}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}
