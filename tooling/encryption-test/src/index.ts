import { KEYS } from './keys.js';
import { DESCRIPTIONS } from './metadata.js';
import { REENCRYPTION } from './reencryption.js';
import type { EncryptionCase } from './subject.js';
import { TURNS } from './turns.js';
import { UNOPENED } from './unopened-rows.js';

export type { Dump, EncryptionSubject } from './subject.js';

/** What encryption promises on every engine. Each case wants tables that nobody else uses. */
export const ENCRYPTION_CASES: readonly EncryptionCase[] = [
  ...UNOPENED,
  ...KEYS,
  ...REENCRYPTION,
  ...DESCRIPTIONS,
  ...TURNS,
];
