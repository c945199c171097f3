import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { SessionsPage, ShownSession } from '../../src/wire.ts';
import { goTo, hashOf } from '../route.ts';
import { ask, follow } from '../server.ts';
import { timeText } from '../times.ts';

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

/** The conversations of the store, as they change. */
export function ListScreen({ filters }: { readonly filters: URLSearchParams }) {
  const sessions = useSignal<readonly ShownSession[] | undefined>(undefined);
  const nextCursor = useSignal<string | undefined>(undefined);
  const failure = useSignal<string | undefined>(undefined);
  const asked = filters.toString();

  const parameters = () => {
    const [by, order] = (filters.get('order') ?? 'changed desc').split(' ');
    return { search: filters.get('search') ?? '', days: filters.get('days') ?? '', by, order };
  };

  useEffect(() => {
    const end = new AbortController();
    const read = async () => {
      try {
        const page = await ask<SessionsPage>('sessions', parameters(), end.signal);
        sessions.value = page.data;
        nextCursor.value = page.nextCursor;
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

  const more = async () => {
    const page = await ask<SessionsPage>('sessions', { ...parameters(), after: nextCursor.value });
    sessions.value = [...(sessions.value ?? []), ...page.data];
    nextCursor.value = page.nextCursor;
  };
  const filter = (name: string, value: string) => {
    const changed = new URLSearchParams(filters);
    if (value === '') changed.delete(name);
    else changed.set(name, value);
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
      {sessions.value?.length === 0 && <p>There is no such conversation.</p>}
      <ul class="sessions">
        {sessions.value?.map(({ id, title, updatedAt, metadata }) => (
          <li key={id}>
            <a href={hashOf(id)} data-step>
              <span class="title">{title ?? id}</span>
              {title !== undefined && <span class="note">{id}</span>}
              {Object.keys(metadata).length > 0 && <span class="note">{JSON.stringify(metadata)}</span>}
              <span class="note time">{timeText(updatedAt)}</span>
            </a>
          </li>
        ))}
      </ul>
      {nextCursor.value !== undefined && (
        <button type="button" onClick={more}>
          More
        </button>
      )}
    </section>
  );
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
