/** What a request ends with when it cannot be done, in words for the user. */
export class ChatError extends Error {
  readonly status: 400 | 404 | 409 | 410 | 503;
  /** For programs: stays the same when the words change. */
  readonly code: string;

  constructor(status: ChatError['status'], code: string, message: string) {
    super(message);
    this.name = 'ChatError';
    this.status = status;
    this.code = code;
  }
}
