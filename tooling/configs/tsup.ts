import { defineConfig, type Options } from 'tsup';

type Entries = Record<string, string>;

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
    esbuildOptions(options, { format }) {
      if (format === 'cjs') options.entryPoints = entry;
    },
  }) as Options;
