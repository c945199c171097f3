/** Ends the program once the text is written, whatever an implementation under test has left open. */
export function endWith(text: string, code: number): void {
  process.stdout.write(text, () => process.exit(code));
}

/** The same with a message on standard error. */
export function failWith(message: string, code: number): void {
  process.stderr.write(`error: ${message}\n`, () => process.exit(code));
}
