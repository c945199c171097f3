/** The program cannot do what it was asked for; the message is all that its user needs. */
export class UsageError extends Error {}

/** What went wrong, on one line. */
export function oneLine(error: unknown): string {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  const [first = ''] = String(message ?? error).split('\n');
  return typeof code === 'string' ? `${code}: ${first}` : first;
}
