import { CommandFailure, EXIT } from '../exit-codes.js';
import { Interrupted } from '../interruption.js';

/** How a question is answered without a person, and how it ends early. */
export interface Asking {
  readonly yes?: boolean;
  readonly signal: AbortSignal;
}

/**
 * Asks before something is destroyed.
 *
 * @param question - What is going to happen, as a question.
 * @throws CommandFailure if the answer is no, or there is nobody to ask.
 */
export async function confirm(question: string, { yes = false, signal }: Asking): Promise<void> {
  if (yes) return;
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw new CommandFailure(
      'Nothing was done: there is no terminal to ask at. Say --yes to do it.',
      EXIT.refused,
    );
  }
  // the questions are loaded when there is one
  const prompts = await import('@clack/prompts');
  const answer = await prompts.confirm({
    message: question,
    initialValue: false,
    output: process.stderr,
    signal,
  });
  signal.throwIfAborted();
  if (prompts.isCancel(answer)) throw new Interrupted('SIGINT');
  if (!answer) throw new CommandFailure('Nothing was done.', EXIT.refused);
}
