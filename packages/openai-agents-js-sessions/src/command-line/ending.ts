/**
 * Ends the program once a report is written, whatever an implementation under test has left open.
 *
 * @param isJson - Whether it is for a machine; else its lines are as wide as a terminal has room for.
 */
export async function endWith(report: string, code: number, isJson = false): Promise<void> {
  const { isTTY, columns } = process.stdout;
  let text = report;
  if (isTTY && columns && !isJson) {
    const { reportLines } = await import('./terminal/report-lines.js');
    text = reportLines(report, columns);
  }
  process.stdout.write(text, () => process.exit(code));
}

/** The same with a message on standard error. */
export async function failWith(message: string, code: number): Promise<void> {
  const text = await fitting(`error: ${message}`);
  process.stderr.write(`${text}\n`, () => process.exit(code));
}

/** What is told on standard error, in lines that a terminal there has room for. */
export async function fitting(message: string): Promise<string> {
  const { isTTY, columns } = process.stderr;
  if (!isTTY || !columns) return message;
  const { wrapped } = await import('./terminal/wrapped.js');
  return message
    .split('\n')
    .flatMap((line) => wrapped(line, columns))
    .join('\n');
}
