import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import ts from 'typescript';

const PACKAGES = resolve(import.meta.dirname, '../../../packages');

interface Manifest {
  readonly name: string;
  readonly exports: Record<
    string,
    string | { readonly import: { readonly types: string; readonly default: string } }
  >;
}

/** One entry of a package: how it is imported, and its built files. */
interface Entry {
  readonly name: string;
  readonly types: string;
  readonly module: string;
}

/**
 * The names that every entry of every published package exports, by how the entry is imported: values first, then types
 * (`type Name`), each in the order of the alphabet. Read from the built types.
 */
export function publicNames(): Map<string, readonly string[]> {
  const entries = publicEntries();
  const program = ts.createProgram(
    entries.map(({ types }) => types),
    { module: ts.ModuleKind.NodeNext, target: ts.ScriptTarget.ESNext, noEmit: true, types: [] },
  );
  return new Map(entries.map((entry) => [entry.name, namesOf(program, entry)]));
}

/** Every entry of every published package. */
export function publicEntries(): Entry[] {
  return readdirSync(PACKAGES).sort().flatMap(entriesOf);
}

function entriesOf(folder: string): Entry[] {
  const manifest = JSON.parse(readFileSync(join(PACKAGES, folder, 'package.json'), 'utf8')) as Manifest;
  return Object.entries(manifest.exports).flatMap(([path, target]) => {
    if (typeof target === 'string') return [];
    const file = (name: string) => join(PACKAGES, folder, name);
    const { types, default: module } = target.import;
    return [{ name: path.replace('.', manifest.name), types: file(types), module: file(module) }];
  });
}

function namesOf(program: ts.Program, { name, types }: Entry): string[] {
  const checker = program.getTypeChecker();
  const file = program.getSourceFile(types);
  const module = file && checker.getSymbolAtLocation(file);
  if (!module) throw new Error(`The types of ${name} are not there: build first.`);
  const values: string[] = [];
  const others: string[] = [];
  for (const symbol of checker.getExportsOfModule(module)) {
    const meant = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    if (meant.escapedName === 'unknown')
      throw new Error(`${name} exports ${symbol.name}, whose type is not found.`);
    if (meant.flags & ts.SymbolFlags.Value) values.push(symbol.name);
    else others.push(`type ${symbol.name}`);
  }
  return [...values.sort(), ...others.sort()];
}
