import { readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';

/** A package and its version, such as `pg 8.23.1`. */
export function version(name: string): string {
  const file = findPackageJSON(name, import.meta.url);
  if (!file) throw new Error(`${name} is not installed`);
  return `${name} ${JSON.parse(readFileSync(file, 'utf8')).version}`;
}
