import { readFile } from 'node:fs/promises';
import { defineConfig, type Options } from 'tsup';
import ts from 'typescript';

type Entries = Record<string, string>;
type EsbuildPlugin = NonNullable<Options['esbuildPlugins']>[number];

/** Editors read comments from the types: in the JavaScript, which is there twice, they only weigh. */
const withoutComments: EsbuildPlugin = {
  name: 'without-comments',
  setup(build) {
    build.onLoad({ filter: /\/src\/.*\.ts$/ }, async ({ path: fileName }) => {
      const { ESNext } = ts.ScriptTarget;
      const compilerOptions = { removeComments: true, target: ESNext, module: ts.ModuleKind.ESNext };
      const { outputText } = ts.transpileModule(await readFile(fileName, 'utf8'), {
        fileName,
        compilerOptions,
      });
      return { contents: outputText, loader: 'js' };
    });
  },
};

/**
 * ESM, CJS and types of the given entries, as every published package ships them.
 *
 * @param programs - Entries that are run, never imported: ESM alone, without types.
 */
export const publishedPackage = (entry: Entries, programs: Entries = {}): Options | Options[] =>
  defineConfig({
    entry: { ...entry, ...programs },
    format: ['esm', 'cjs'],
    target: 'node22',
    dts: { entry },
    clean: true,
    splitting: true,
    esbuildPlugins: [withoutComments],
    esbuildOptions(options, { format }) {
      if (format !== 'cjs') return;
      options.entryPoints = entry;
      options.define = { ...options.define, 'import.meta.dirname': '__dirname' };
    },
  }) as Options;
