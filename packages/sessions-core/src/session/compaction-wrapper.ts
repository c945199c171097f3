/** What the SDK calls the symbol; it is in no registry and not exported. */
const OPENAI_SESSION_API = 'OPENAI_SESSION_API';

/**
 * Tells when the SDK's `OpenAIResponsesCompactionSession` is put around a session. That class reads, clears and
 * writes back: what a window hid from it would be lost. In its constructor, and nowhere else, it asks whether the
 * session is one of OpenAI's own, by `symbol in session` (seen in 0.15 and 0.20); `in` can only be heard by a Proxy,
 * which here is the session's prototype, so that it costs the other calls nothing.
 */
export function whenWrapped(session: object, wrapped: () => void): void {
  const prototype: object = Object.create(Object.getPrototypeOf(session));
  const asked: ProxyHandler<object> = {
    has(target, key) {
      if (typeof key === 'symbol' && key.description === OPENAI_SESSION_API) wrapped();
      return Reflect.has(target, key);
    },
  };
  Object.setPrototypeOf(session, new Proxy(prototype, asked));
}

/** Ends the window of a session, by asking what the SDK's class asks. */
export function dropWindow(session: object): void {
  Reflect.has(session, Symbol(OPENAI_SESSION_API));
}
