/**
 * What a command line asks for. Where it cannot be read, says why and how the program is used, and ends the process with 2.
 *
 * @param usage - How the program is used.
 * @param read - Reads the command line, or throws an error that says what is wrong.
 */
export function commandLine<T>(usage: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage}`);
    process.exit(2);
  }
}
