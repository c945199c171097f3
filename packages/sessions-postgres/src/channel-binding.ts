import { SessionError } from '@stackone/sessions-core';
import type { Client } from 'pg';

/** The way to log in that is bound to the certificate of the connection. */
const BOUND = 'SCRAM-SHA-256-PLUS';

/**
 * Makes `pg` do what `channel_binding=require` means in libpq: `pg` uses the binding where the server offers it, and
 * otherwise logs in without. The connection ends before anything that has to do with the password is sent.
 *
 * @returns What tells, once the client is connected, why it must not be used: there are servers that want no password.
 */
export function requireChannelBinding({ connection }: Client): () => SessionError | undefined {
  let bound = false;
  const refuse = () => connection.stream.destroy(unbound());
  connection.prependListener('authenticationSASL', ({ mechanisms }: { mechanisms: readonly string[] }) => {
    bound = mechanisms.includes(BOUND);
    if (!bound) refuse();
  });
  for (const event of ['authenticationCleartextPassword', 'authenticationMD5Password'])
    connection.prependListener(event, refuse);
  return () => (bound ? undefined : unbound());
}

function unbound(): SessionError {
  return new SessionError(
    'TLS_FAILED',
    'The URL says channel_binding=require, and the server does not bind the login to the connection. It needs TLS and ' +
      'a password kept as scram-sha-256.',
  );
}
