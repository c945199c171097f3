// Bundles a program: webpack.mjs <program> <folder> commonjs|module [external package]
import { join, resolve } from 'node:path';
import webpack from 'webpack';

const [, , program, folder, format, external] = process.argv;
const module = format === 'module';

const compiler = webpack({
  mode: 'production',
  target: 'node22',
  entry: resolve(program),
  output: {
    path: resolve(folder),
    filename: module ? 'main.mjs' : 'main.cjs',
    ...(module && { module, chunkFormat: 'module', library: { type: 'module' } }),
  },
  optimization: { minimize: false }, // a minute each
  experiments: { outputModule: module },
  externals: external ? { [external]: `${format} ${external}` } : {},
});
compiler.run((failure, result) => {
  const { errors = [], warnings = [] } = result?.toJson({ all: false, errors: true, warnings: true }) ?? {};
  const report = { errors: failure ? [String(failure)] : errors.map(text), warnings: warnings.map(text) };
  console.log(JSON.stringify({ ...report, main: join(resolve(folder), module ? 'main.mjs' : 'main.cjs') }));
});

function text({ message }) {
  return message;
}
