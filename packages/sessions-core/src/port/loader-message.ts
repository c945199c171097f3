/** The codes of Node's module loader. What it says names modules and files, never data of the application. */
const LOADER_CODES = [
  'MODULE_NOT_FOUND',
  'ERR_MODULE_NOT_FOUND',
  'ERR_PACKAGE_PATH_NOT_EXPORTED',
  'ERR_REQUIRE_ESM',
  'ERR_REQUIRE_ASYNC_MODULE',
  'ERR_UNSUPPORTED_DIR_IMPORT',
  'ERR_UNKNOWN_FILE_EXTENSION',
  'ERR_DLOPEN_FAILED',
  'ERR_DLOPEN_DISABLED',
];

/** What esbuild leaves of a `require` in an ES module, and what the package `bindings` says; neither has a code. */
const LOADER_WORDS = [
  /^Dynamic require of "[^"]*" is not supported$/,
  /^Could not locate the bindings file\./,
];

/** The message of an error by which a module or its native part did not load; nothing for any other error. */
export function loaderMessage(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code, message } = error as NodeJS.ErrnoException;
  const known =
    code === undefined ? LOADER_WORDS.some((words) => words.test(message)) : LOADER_CODES.includes(code);
  return known ? message : undefined;
}
