import { defineConfig, type Options } from 'tsup';

/** ESM, CJS and types of the given entries, as every published package ships them. */
export const publishedPackage = (entry: Record<string, string>): Options | Options[] =>
  defineConfig({
    entry,
    format: ['esm', 'cjs'],
    target: 'node22',
    dts: true,
    clean: true,
    splitting: true,
  }) as Options;
