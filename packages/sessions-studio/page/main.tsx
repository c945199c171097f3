import { signal } from '@preact/signals';
import { render } from 'preact';
import { useEffect } from 'preact/hooks';
import type { About } from '../src/wire.ts';
import { Confirmation } from './confirm.tsx';
import { listenToKeys } from './keys.ts';
import { route } from './route.ts';
import { ConversationScreen } from './screens/conversation.tsx';
import { ListScreen } from './screens/list.tsx';
import { ask } from './server.ts';

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
        <h1>
          <a href="#/">Sessions studio</a>
        </h1>
        {about.value?.tenant !== undefined && <p class="note">tenant {about.value.tenant}</p>}
        {about.value && <p class="note">{about.value.readOnly ? 'read only' : 'can change'}</p>}
      </header>
      <main>
        {failure.value !== undefined && <p role="alert">{failure}</p>}
        {about.value &&
          (shown.id === undefined ? (
            <ListScreen filters={shown.filters} />
          ) : (
            <ConversationScreen key={shown.id} id={shown.id} view={shown.view} about={about.value} />
          ))}
      </main>
      <footer>
        <p class="note">
          Keys: <kbd>/</kbd> search, <kbd>j</kbd> <kbd>k</kbd> next and previous, <kbd>n</kbd> next run,{' '}
          <kbd>r</kbd> raw rows, <kbd>f</kbd> fold, <kbd>Esc</kbd> back. <a href="./licenses.md">Licenses</a>
        </p>
      </footer>
      <Confirmation />
    </>
  );
}

const place = document.querySelector('#studio');
if (place) render(<Studio />, place);
listenToKeys();
