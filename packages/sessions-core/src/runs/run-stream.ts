import type { ReadableStream as WebStream } from 'node:stream/web';
import type { RunStreamEvent, StreamedRunResult } from '@openai/agents-core';
import type { AnyAgent } from './agent-view.js';

type Stream = StreamedRunResult<unknown, AnyAgent>;
type Events = WebStream<RunStreamEvent>;

/**
 * The same stream, which ends when the run has: its readers come to its end, or to its error, and `completed` is settled, when that is stored.
 *
 * @param ended - Resolved then. Where it is rejected, the stream is.
 */
export function endingWith(stream: Stream, ended: Promise<void>): Stream {
  const events = (stream.toStream() as unknown as Events).getReader();
  const next = () =>
    events.read().catch(async (error: unknown) => {
      await ended;
      throw error;
    });
  const own = new ReadableStream<RunStreamEvent>({
    async pull(controller) {
      const { done, value } = await next();
      if (!done) return controller.enqueue(value);
      await ended;
      controller.close();
    },
    cancel: (reason) => events.cancel(reason),
  });
  const texts = () =>
    own.pipeThrough(
      new TransformStream<RunStreamEvent, string>({
        transform(event, controller) {
          if (event.type === 'raw_model_stream_event' && event.data.type === 'output_text_delta')
            controller.enqueue(event.data.delta);
        },
      }),
    );
  const toTextStream = ({ compatibleWithNodeStreams = false } = {}) =>
    compatibleWithNodeStreams
      ? process.getBuiltinModule('node:stream').Readable.fromWeb(texts() as never)
      : texts();
  Object.defineProperties(stream, {
    completed: { value: ended },
    toStream: { value: () => own },
    toTextStream: { value: toTextStream },
    [Symbol.asyncIterator]: { value: () => own[Symbol.asyncIterator]() },
  });
  return stream;
}
