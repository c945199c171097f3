import { SessionError } from './errors.js';

/**
 * What is thrown where a backend answers in a form that it must not.
 *
 * @param rule - What it must return.
 */
export function backendFault(code: 'DATABASE_ERROR' | 'OUTCOME_UNKNOWN', rule: string): SessionError {
  return new SessionError(code, `The backend of this store has a fault. ${rule}`);
}
