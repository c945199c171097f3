/** Sent where nothing else is, so that who has left is noticed, in ms. */
const HEARTBEAT = 15_000;

/**
 * An answer that goes on: each value on a line of JSON, as it comes. It ends when who asked is gone.
 *
 * @param values - Makes them, and ends with the signal.
 */
export function lines<Value>(
  request: Request,
  values: (signal: AbortSignal) => AsyncIterable<Value>,
): Response {
  const left = new AbortController();
  const signal = AbortSignal.any([request.signal, left.signal]);
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    async start(controller) {
      const send = (line: string) => {
        if (!signal.aborted) controller.enqueue(encoder.encode(`${line}\n`));
      };
      send('');
      const beat = setInterval(() => send(''), HEARTBEAT);
      signal.addEventListener('abort', () => clearInterval(beat));
      try {
        for await (const value of values(signal)) {
          send(JSON.stringify(value));
          // who reads slowly is waited for, and not written to for ever
          while ((controller.desiredSize ?? 0) < -1_000_000 && !signal.aborted) await pause();
        }
        if (!signal.aborted) controller.close();
      } catch (error) {
        if (!signal.aborted) controller.error(error);
      } finally {
        clearInterval(beat);
      }
    },
    cancel: () => left.abort(),
  });
  return new Response(body, { headers: { 'content-type': 'application/x-ndjson' } });
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 50));
}
