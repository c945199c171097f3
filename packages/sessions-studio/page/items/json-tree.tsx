import { useSignal } from '@preact/signals';

/** In characters: so much of a value is seen while it is folded. */
const GLIMPSE = 80;

/** A value of JSON as a tree; what is folded is not made before it is opened. */
export function JsonTree({ value, name }: { readonly value: unknown; readonly name?: string }) {
  const isOpen = useSignal(name === undefined);
  if (typeof value !== 'object' || value === null) {
    return (
      <div class="leaf">
        <Name name={name} />
        <span class={`value ${typeof value}`}>
          {typeof value === 'string' ? value : JSON.stringify(value)}
        </span>
      </div>
    );
  }
  const entries = Object.entries(value);
  return (
    <details
      class="tree"
      open={isOpen.value}
      onToggle={(event) => {
        isOpen.value = event.currentTarget.open;
      }}
    >
      <summary>
        <Name name={name} />
        <span class="glimpse">{isOpen.value ? sizeOf(value, entries.length) : glimpse(value)}</span>
      </summary>
      {isOpen.value && entries.map(([key, one]) => <JsonTree key={key} name={key} value={one} />)}
    </details>
  );
}

function Name({ name }: { readonly name: string | undefined }) {
  return name === undefined ? null : <span class="key">{name}: </span>;
}

function sizeOf(value: object, count: number): string {
  return Array.isArray(value) ? `[${count}]` : `{${count}}`;
}

function glimpse(value: object): string {
  const text = JSON.stringify(value);
  return text.length > GLIMPSE ? `${text.slice(0, GLIMPSE)}…` : text;
}
