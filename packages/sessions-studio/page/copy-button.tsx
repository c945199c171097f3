import { useSignal } from '@preact/signals';

/** Puts a value into the clipboard, as JSON. */
export function CopyButton({ value, label }: { readonly value: unknown; readonly label: string }) {
  const said = useSignal(label);
  const copy = async () => {
    const done = await navigator.clipboard.writeText(JSON.stringify(value, null, 2)).then(
      () => true,
      () => false,
    );
    said.value = done ? 'Copied' : 'Not allowed';
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
