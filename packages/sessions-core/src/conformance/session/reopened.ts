import assert from 'node:assert/strict';
import type { SessionSource, SessionSubject } from '../harness.js';

/** The subject's conversations over another connection, for the case to close. */
export async function reopened(subject: SessionSubject): Promise<SessionSource & { close?(): unknown }> {
  assert.ok(subject.reopen, 'the subject says it can reopen and has no reopen()');
  return subject.reopen();
}
