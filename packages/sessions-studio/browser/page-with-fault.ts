import { join } from 'node:path';
import { build } from 'vite';
import { type Fault, planted } from '../test/studio-with-fault.ts';

/** The script of the page with a fault. */
export async function pageWithFault(fault: Fault): Promise<Readonly<Record<string, string>>> {
  const plugin = planted(fault);
  const built = await build({
    configFile: false,
    logLevel: 'silent',
    root: join(import.meta.dirname, '../page'),
    base: './',
    oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
    build: {
      write: false,
      target: 'es2023',
      rolldownOptions: { output: { entryFileNames: 'studio.js', codeSplitting: false } },
    },
    plugins: [plugin],
  });
  plugin.check();
  const [output] = Array.isArray(built) ? built : [built];
  const chunks = output && 'output' in output ? output.output : [];
  const script = chunks.find(({ fileName }) => fileName === 'studio.js');
  if (script?.type !== 'chunk') throw new Error('the page has no script');
  return { 'studio.js': script.code };
}
