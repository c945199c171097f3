import type { About, SessionDetails } from '../../src/wire.ts';
import { confirm } from '../confirm.tsx';
import { goTo, hashOf } from '../route.ts';
import { change } from '../server.ts';

/** What can be done with a conversation as a whole. */
export function Changes({
  details: { id, title },
  about,
  again,
}: {
  readonly details: SessionDetails;
  readonly about: About;
  readonly again: () => void;
}) {
  const rename = () =>
    confirm({
      title: 'Another title?',
      text: 'It is kept with the conversation; agents do not see it.',
      input: { label: 'Title', value: title ?? '' },
      action: 'Set it',
      act: async (text) => {
        await change('title', { id, title: text });
        again();
      },
    });
  const fork = () =>
    confirm({
      title: 'Make a copy?',
      text: 'The copy has all items, and goes on by itself.',
      input: { label: 'Id of the copy', value: `${id}-copy` },
      action: 'Copy',
      act: async (text) => {
        const made = await change<{ id: string }>('fork', { id, newId: text });
        goTo(hashOf(made.id));
      },
    });
  const remove = () =>
    confirm({
      title: 'Delete it?',
      text: `The conversation ${id} and all that is kept of it are removed. They cannot be brought back.`,
      action: 'Delete it',
      isHarm: true,
      act: async () => {
        await change('delete', { id });
        goTo('#/');
      },
    });
  return (
    <p class="buttons">
      {about.titles && (
        <button type="button" onClick={rename}>
          Title
        </button>
      )}
      {about.copies && (
        <button type="button" onClick={fork}>
          Fork
        </button>
      )}
      <button type="button" class="danger" onClick={remove}>
        Delete
      </button>
    </p>
  );
}
