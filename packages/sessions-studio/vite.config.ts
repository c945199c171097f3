import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { defineConfig, type Plugin } from 'vite';

const BUILT = fileURLToPath(new URL('src/built-page.ts', import.meta.url));

/** Writes the files of the page into a module: whatever bundles a server has them then, and nothing is read from a disk. */
const intoModule = (): Plugin => ({
  name: 'into-module',
  async writeBundle(_options, bundle) {
    const files = Object.values(bundle).map((file): [string, string] => [
      file.fileName,
      file.type === 'chunk' ? file.code : String(file.source),
    ]);
    const text = JSON.stringify(Object.fromEntries(files.toSorted()));
    await writeFile(
      BUILT,
      `// Made by vite build.\nexport const BUILT_PAGE: Readonly<Record<string, string>> = ${text};\n`,
    );
  },
});

export default defineConfig({
  root: fileURLToPath(new URL('page', import.meta.url)),
  base: './',
  logLevel: 'warn',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: fileURLToPath(new URL('node_modules/.page', import.meta.url)),
    emptyOutDir: true,
    target: 'es2023',
    modulePreload: false,
    assetsInlineLimit: 0,
    // of what the script holds besides our own
    license: { fileName: 'licenses.md' },
    rolldownOptions: {
      output: { entryFileNames: 'studio.js', assetFileNames: 'studio[extname]', codeSplitting: false },
    },
  },
  plugins: [intoModule()],
});
