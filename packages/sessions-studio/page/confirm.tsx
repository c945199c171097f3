import { signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';

interface Question {
  readonly title: string;
  readonly text: string;
  /** What is asked for besides, and what it is at first. */
  readonly input?: { readonly label: string; readonly value: string };
  readonly action: string;
  /** Whether something is lost by it. */
  readonly isHarm?: true;
  readonly act: (input: string) => Promise<void>;
}

const question = signal<Question | undefined>(undefined);
const failure = signal<string | undefined>(undefined);

/** Asks before something is changed. */
export function confirm(asked: Question): void {
  failure.value = undefined;
  question.value = asked;
}

/** The dialog of {@link confirm}. */
export function Confirmation() {
  const dialog = useRef<HTMLDialogElement>(null);
  const asked = question.value;
  useEffect(() => {
    if (asked) dialog.current?.showModal();
  }, [asked]);
  if (!asked) return null;
  const close = () => {
    question.value = undefined;
  };
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const input = new FormData(event.currentTarget as HTMLFormElement).get('input');
    try {
      await asked.act(typeof input === 'string' ? input : '');
      close();
    } catch (error) {
      failure.value = (error as Error).message;
    }
  };
  return (
    <dialog ref={dialog} onClose={close} aria-labelledby="question">
      <form onSubmit={submit}>
        <h2 id="question">{asked.title}</h2>
        <p>{asked.text}</p>
        {asked.input && (
          <label>
            {asked.input.label} <input name="input" value={asked.input.value} autocomplete="off" />
          </label>
        )}
        {failure.value !== undefined && <p role="alert">{failure}</p>}
        <p class="buttons">
          <button type="submit" class={asked.isHarm ? 'main danger' : 'main'}>
            {asked.action}
          </button>
          <button type="button" class="quiet" onClick={close}>
            Cancel
          </button>
        </p>
      </form>
    </dialog>
  );
}
