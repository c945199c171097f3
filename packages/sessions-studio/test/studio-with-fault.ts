import assert from 'node:assert/strict';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { temporaryFolder } from '@stackone/test-environment';
import { build, type Plugin } from 'vite';

/** A line of the sources that is another one. */
export interface Fault {
  /** Inside `src` or `page`. */
  readonly file: string;
  readonly line: string;
  readonly becomes: string;
}

/** Puts the fault in, where its line stands exactly once. */
export function planted({ file, line, becomes }: Fault): Plugin & { check(): void } {
  let isPlanted = false;
  return {
    name: 'fault',
    enforce: 'pre',
    transform(code, id) {
      if (!id.endsWith(`/${file}`)) return undefined;
      assert.equal(code.split(line).length, 2, `this line does not stand there exactly once: ${line}`);
      isPlanted = true;
      return code.replace(line, () => becomes);
    },
    check: () => assert.ok(isPlanted, `no file is ${file}`),
  };
}

/** The package with a fault on its server. */
export async function studioWithFault(fault: Fault): Promise<typeof import('../src/index.js')> {
  const plugin = planted(fault);
  // beside the package, where its dependencies are found
  const outDir = join(import.meta.dirname, '../node_modules/.faults', temporaryFolder().replace(/\W/g, ''));
  await build({
    configFile: false,
    logLevel: 'silent',
    root: join(import.meta.dirname, '..'),
    build: { ssr: 'src/index.ts', outDir, emptyOutDir: true, target: 'node22' },
    plugins: [plugin],
  });
  plugin.check();
  return import(pathToFileURL(join(outDir, 'index.js')).href);
}
