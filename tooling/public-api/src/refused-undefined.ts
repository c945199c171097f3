import ts from 'typescript';
import { publicEntries, publicNames } from './public-names.ts';

/** What a type of options is called. */
const OPTIONS = /^type (\w*(?:Options|Config|Modules|Names|Window|Details|Features|Support))$/;
/** Functions whose options have no name of their own. */
const FUNCTIONS = /^(?:schemaSql|sessionTables)$/;

const PROGRAM = 'refused-undefined.program.ts';

/** Optional fields that may be left out, but not be given as `undefined`: a mistake under `exactOptionalPropertyTypes`. */
const REFUSED = `type Refused<T> = T extends unknown
  ? { [K in keyof T]-?: {} extends Pick<T, K> ? ({ [P in K]: undefined } extends Pick<T, K> ? never : K) : never }[keyof T]
  : never;
`;

/**
 * The optional fields of the public types of options, of every entry, that refuse `undefined`. Who hands options on writes
 * `{ max: settings.max }`, and does not leave a field out.
 *
 * @returns By the entry and the name of the type; what refuses nothing is there too, with an empty list.
 */
export function refusedUndefined(): Map<string, readonly string[]> {
  const types = optionTypes();
  const source = [...types.values()].map(
    (type, index) => `export declare const t${index}: Refused<${type}>;\n`,
  );
  const checker = check(REFUSED + source.join(''));
  return new Map([...types.keys()].map((name, index) => [name, checker(`t${index}`)]));
}

/** How the type of the options is written, by its name. */
function optionTypes(): Map<string, string> {
  const files = new Map(publicEntries().map(({ name, types }) => [name, types]));
  const types = new Map<string, string>();
  for (const [entry, names] of publicNames()) {
    const module = `import(${JSON.stringify(files.get(entry)?.replace(/\.d\.ts$/, '.js'))})`;
    for (const name of names) {
      const [, type] = OPTIONS.exec(name) ?? [];
      if (type) types.set(`${entry} ${type}`, `${module}.${type}`);
      if (FUNCTIONS.test(name))
        types.set(`${entry} ${name}()`, `NonNullable<Parameters<typeof ${module}.${name}>[0]>`);
    }
  }
  return types;
}

/** Compiles a program, and gives what reads the names in the type of one of its constants. */
function check(text: string): (name: string) => readonly string[] {
  const options: ts.CompilerOptions = {
    module: ts.ModuleKind.NodeNext,
    target: ts.ScriptTarget.ESNext,
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: true,
    noEmit: true,
    types: ['node'],
  };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists } = host;
  const source = ts.createSourceFile(PROGRAM, text, ts.ScriptTarget.ESNext, true);
  host.getSourceFile = (name, ...rest) => (name === PROGRAM ? source : getSourceFile(name, ...rest));
  host.fileExists = (name) => name === PROGRAM || fileExists(name);
  const program = ts.createProgram([PROGRAM], options, host);
  const [failed] = program.getSemanticDiagnostics(source);
  if (failed) throw new Error(ts.flattenDiagnosticMessageText(failed.messageText, '\n'));
  const checker = program.getTypeChecker();
  const module = checker.getSymbolAtLocation(source);
  const constants = new Map(
    module && checker.getExportsOfModule(module).map((symbol) => [symbol.name, symbol]),
  );
  return (name) => {
    const symbol = constants.get(name);
    if (!symbol) throw new Error(`${name} is not there.`);
    const type = checker.getTypeOfSymbol(symbol);
    return (type.isUnion() ? type.types : [type]).flatMap((one) => (one.isStringLiteral() ? one.value : []));
  };
}
