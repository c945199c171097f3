import { useSignal } from '@preact/signals';

/** Puts a text into the clipboard, once it is there. */
export function CopyButton({
  text,
  label,
}: {
  readonly text: () => string | Promise<string>;
  readonly label: string;
}) {
  const said = useSignal(label);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(await text());
      said.value = 'Copied';
    } catch {
      said.value = 'Not possible';
    }
    setTimeout(() => {
      said.value = label;
    }, 1500);
  };
  return (
    <button type="button" class="quiet" onClick={copy}>
      {said}
    </button>
  );
}
