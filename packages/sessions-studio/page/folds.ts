import { signal } from '@preact/signals';

/** Whether what can be folded is open, unless somebody folded it otherwise. */
const isOpen = signal(false);
/** What somebody folded or unfolded, by the entry: a row that is scrolled out of sight and back is as it was left. */
const chosen = new Map<string, boolean>();

/** Whether the fold of an entry is open. */
export function isUnfolded(entry: string): boolean {
  return chosen.get(entry) ?? isOpen.value;
}

/** Keeps what somebody chose for an entry. */
export function keepFold(entry: string, open: boolean): void {
  chosen.set(entry, open);
}

/** Unfolds all, or folds all where none that is seen is folded. */
export function turnFolds(): void {
  const folds = [...document.querySelectorAll<HTMLDetailsElement>('details.fold')];
  isOpen.value = folds.some(({ open }) => !open);
  chosen.clear();
  for (const fold of folds) fold.open = isOpen.value;
}
