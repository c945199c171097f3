import { signal } from '@preact/signals';
import { render } from 'preact';
import { useEffect } from 'preact/hooks';
import type { About } from '../src/wire.ts';
import { Confirmation } from './confirm.tsx';
import { listenToKeys } from './keys.ts';
import { hashOfScreen, route, SCREENS, type Screen } from './route.ts';
import { ConversationScreen } from './screens/conversation.tsx';
import { DoctorScreen } from './screens/doctor.tsx';
import { ListScreen } from './screens/list.tsx';
import { PruneScreen } from './screens/prune.tsx';
import { RunsScreen } from './screens/runs.tsx';
import { UsageScreen } from './screens/usage.tsx';
import { ask, fileAddress } from './server.ts';

const ICON = new URL('./icon.svg', import.meta.url).href;

const about = signal<About | undefined>(undefined);
const failure = signal<string | undefined>(undefined);

function Studio() {
  useEffect(() => {
    ask<About>('about').then(
      (answer) => {
        about.value = answer;
      },
      (error: Error) => {
        failure.value = `${error.message} Open the address that the command printed, as a whole.`;
      },
    );
  }, []);
  const shown = route.value;
  return (
    <>
      <header>
        <div>
          <h1>
            <a href="#/">
              <img src={ICON} alt="" />
              Sessions studio
            </a>
          </h1>
          {about.value && (
            <Screens about={about.value} shown={shown.id === undefined ? shown.screen : 'list'} />
          )}
          {about.value && <Rights about={about.value} />}
        </div>
      </header>
      <main>
        {failure.value !== undefined && <p role="alert">{failure}</p>}
        {about.value &&
          (shown.id === undefined ? (
            <StoreScreen screen={shown.screen} filters={shown.filters} about={about.value} />
          ) : (
            <ConversationScreen key={shown.id} id={shown.id} view={shown.view} about={about.value} />
          ))}
      </main>
      <footer>
        <p class="note">
          Keys: <kbd>/</kbd> search, <kbd>j</kbd> <kbd>k</kbd> next and previous, <kbd>n</kbd> next run,{' '}
          <kbd>r</kbd> raw rows, <kbd>f</kbd> fold, <kbd>w</kbd> runs that wait, <kbd>u</kbd> usage,{' '}
          <kbd>d</kbd> doctor, <kbd>Esc</kbd> back. <a href={fileAddress('licenses.md')}>Licenses</a>
        </p>
      </footer>
      <Confirmation />
    </>
  );
}

const NAMES: Readonly<Record<Screen, string>> = {
  list: 'Conversations',
  runs: 'Runs that wait',
  usage: 'Usage',
  doctor: 'Doctor',
  prune: 'Remove what is old',
};

/** Whether this store has what a screen shows, and who asks may see it. */
function hasScreen(screen: Screen, about: About): boolean {
  if (screen === 'prune') return about.prunes && !about.readOnly;
  return screen === 'list' || about[screen];
}

/** What of the store is seen, and whether it can be changed. */
function Rights({ about: { tenant, readOnly } }: { readonly about: About }) {
  return (
    <>
      {tenant !== undefined && <p class="badge first">tenant {tenant}</p>}
      <p class={`badge ${tenant === undefined ? 'first' : ''} ${readOnly ? '' : 'writes'}`}>
        {readOnly ? 'read only' : 'can change'}
      </p>
    </>
  );
}

function Screens({ about, shown }: { readonly about: About; readonly shown: Screen }) {
  return (
    <nav aria-label="Screens">
      {SCREENS.filter((screen) => hasScreen(screen, about)).map((screen) => (
        <a key={screen} href={hashOfScreen(screen)} aria-current={screen === shown ? 'page' : undefined}>
          {NAMES[screen]}
        </a>
      ))}
    </nav>
  );
}

function StoreScreen({
  screen,
  filters,
  about,
}: {
  readonly screen: Screen;
  readonly filters: URLSearchParams;
  readonly about: About;
}) {
  if (!hasScreen(screen, about)) return <p role="alert">This studio does not show that.</p>;
  switch (screen) {
    case 'list':
      return <ListScreen filters={filters} />;
    case 'runs':
      return <RunsScreen about={about} after={filters.get('after')} />;
    case 'usage':
      return <UsageScreen days={filters.get('days') ?? '30'} />;
    case 'doctor':
      return <DoctorScreen />;
    case 'prune':
      return <PruneScreen />;
  }
}

const place = document.querySelector('#studio');
if (place) render(<Studio />, place);
listenToKeys();
