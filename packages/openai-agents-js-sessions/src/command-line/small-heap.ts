import { setFlagsFromString } from 'node:v8';

/**
 * For commands that pass everything on: keeps the space small in which V8 puts what is new, and lets the rest grow to three times what
 * is in use, before it looks for garbage. What is passed on is garbage at once, and would else fill hundreds of MB. It is called
 * before there is much.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString('--heap-growing-percent=200');
}
