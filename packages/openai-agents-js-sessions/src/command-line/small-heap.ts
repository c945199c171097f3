import { setFlagsFromString } from 'node:v8';

/**
 * For commands that pass everything on: keeps the space small in which V8 puts what is new. What is passed on is garbage at once, and
 * would else fill hundreds of MB before V8 looks for it. It is called before there is much.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
}
