import { turnFolds } from './folds.ts';
import { goTo, hashOf, hashOfScreen, route, type Screen, type View } from './route.ts';

const VIEW_KEYS: Readonly<Record<string, View>> = { n: 'next', r: 'raw', c: 'conversation' };

const SCREEN_KEYS: Readonly<Record<string, Screen>> = { w: 'runs', u: 'usage', d: 'doctor' };

/** What is gone through with `j` and `k`. */
const STEPS = '[data-step]';

/** Listens to the keys of the page, for as long as it is there. */
export function listenToKeys(): void {
  addEventListener('keydown', (event) => {
    const { key, target, ctrlKey, metaKey, altKey } = event;
    if (ctrlKey || metaKey || altKey || document.querySelector('dialog[open]')) return;
    const isTyping = target instanceof HTMLInputElement || target instanceof HTMLSelectElement;
    if (key === 'Escape') {
      if (isTyping) target.blur();
      else if (route.value.id !== undefined || route.value.screen !== 'list') goTo('#/');
      return;
    }
    if (isTyping) return;
    if (press(key)) event.preventDefault();
  });
}

/** @returns Whether the key means something. */
function press(key: string): boolean {
  const shown = route.value;
  if (key === 'j' || key === 'ArrowDown') return step(1);
  if (key === 'k' || key === 'ArrowUp') return step(-1);
  if (key === '/') {
    document.querySelector<HTMLInputElement>('input[type=search]')?.focus();
    return true;
  }
  const screen = Object.hasOwn(SCREEN_KEYS, key) ? SCREEN_KEYS[key] : undefined;
  if (screen) goTo(hashOfScreen(screen));
  if (screen || shown.id === undefined) return screen !== undefined;
  if (key === 'f') {
    turnFolds();
    return true;
  }
  const view = Object.hasOwn(VIEW_KEYS, key) ? VIEW_KEYS[key] : undefined;
  if (view) goTo(hashOf(shown.id, view));
  return view !== undefined;
}

function step(by: 1 | -1): boolean {
  const steps = [...document.querySelectorAll<HTMLElement>(STEPS)];
  const at = steps.indexOf(document.activeElement as HTMLElement);
  const seen = () => steps.findIndex((one) => one.getBoundingClientRect().top >= 0);
  const next = steps[at < 0 ? Math.max(seen(), 0) : at + by];
  next?.focus();
  next?.scrollIntoView({ block: 'nearest' });
  return steps.length > 0;
}
