/** What a client hears of a run, in this order: any number of `text`, then `approval`, `done` or `error`. */
export type ChatEvent =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'approval' }
  | { readonly type: 'done' }
  | { readonly type: 'error'; readonly code: string; readonly message: string };

/** Server-sent events on their way to one client. */
export interface EventStream {
  readonly readable: ReadableStream<Uint8Array>;
  /** Never waits and never fails: the run goes on when its client is slow or has gone. */
  send(event: ChatEvent): void;
  end(): void;
}

export function eventStream(): EventStream {
  const encoder = new TextEncoder();
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  const readable = new ReadableStream<Uint8Array>({
    start(started) {
      controller = started;
    },
    cancel() {
      controller = undefined;
    },
  });
  return {
    readable,
    send({ type, ...data }) {
      controller?.enqueue(encoder.encode(`event: ${type}\ndata: ${JSON.stringify(data)}\n\n`));
    },
    end() {
      controller?.close();
      controller = undefined;
    },
  };
}
