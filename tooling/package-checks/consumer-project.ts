import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type PublishedPackage, ROOT } from './packages.ts';
import { npmInstall, run } from './programs.ts';

/** An empty project of a user who installs one package. */
export class ConsumerProject {
  readonly root: string;
  readonly #pkg: PublishedPackage;

  constructor(root: string, pkg: PublishedPackage) {
    this.root = root;
    this.#pkg = pkg;
  }

  /**
   * Installs the tarball.
   *
   * @param others - The tarballs of the packages it depends on, which are not on the registry yet.
   * @param peers - The exact versions of its peers; absent: whatever npm takes.
   */
  async install(
    tarball: string,
    others: Readonly<Record<string, string>>,
    peers: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    mkdirSync(this.root, { recursive: true });
    writeJson(join(this.root, 'package.json'), {
      private: true,
      dependencies: { [this.#pkg.name]: `file:${tarball}`, ...peers },
      devDependencies: { '@types/node': catalogVersion('@types/node') },
      overrides: others,
    });
    await npmInstall(this.root);
  }

  /** Loads every entry in both module systems and answers the names that each exports. */
  async exportedNames(): Promise<Record<'esm' | 'cjs', Record<string, string[]>>> {
    const entries = JSON.stringify(this.#pkg.entries);
    const collect = (load: string) => `const found = {};
for (const entry of ${entries}) found[entry] = Object.keys(${load}).filter((name) => name !== 'module.exports').sort();
console.log(JSON.stringify(found));\n`;
    writeFileSync(join(this.root, 'load.mjs'), collect('await import(entry)'));
    writeFileSync(join(this.root, 'load.cjs'), collect('require(entry)'));
    return { esm: JSON.parse(await this.node('load.mjs')), cjs: JSON.parse(await this.node('load.cjs')) };
  }

  /** Writes the consumer, and an import of every entry, as an ES module and as CommonJS. */
  writeSources(): void {
    writeStrictSources(this.root, [this.#pkg]);
  }

  compile(compiler: string, outDir: string): Promise<string> {
    return compile(this.root, compiler, outDir);
  }

  node(file: string, node = process.execPath): Promise<string> {
    return run(node, [file], this.root);
  }

  /** Runs a program of the package on a module of the consumers, as its users do. */
  runProgram(program: string, args: readonly string[], module: string): Promise<string> {
    copyFileSync(module, join(this.root, basename(module)));
    return run('npx', ['--no', program, ...args, basename(module)], this.root);
  }

  /** Runs a script of the consumers in this project. */
  runScript(path: string, node: string): Promise<string> {
    copyFileSync(path, join(this.root, 'script.mjs'));
    return this.node('script.mjs', node);
  }
}

/** Writes the consumers of packages, and imports of all their entries, into a project in which they are installed. */
export function writeStrictSources(root: string, packages: readonly PublishedPackage[]): void {
  const files: string[] = [];
  for (const pkg of packages) {
    const consumer = pkg.consumer('consumer.ts');
    if (!consumer) throw new Error(`consumers/${pkg.folder}/consumer.ts is missing`);
    const path = packages.length === 1 ? '.' : pkg.folder;
    mkdirSync(join(root, path), { recursive: true });
    const imports = pkg.strictEntries.map(
      (entry, i) => `import * as entry${i} from '${entry}';\nvoid entry${i};\n`,
    );
    for (const extension of ['mts', 'cts']) {
      const entries = join(path, `entries.${extension}`);
      const own = join(path, `consumer.${extension}`);
      writeFileSync(join(root, entries), imports.join(''));
      copyFileSync(consumer, join(root, own));
      files.push(entries, own);
    }
  }
  writeJson(join(root, 'tsconfig.json'), {
    compilerOptions: {
      strict: true,
      skipLibCheck: false,
      module: 'nodenext',
      target: 'es2022',
      types: ['node'],
      rootDir: '.',
      noEmitOnError: true,
    },
    files,
  });
}

/** Runs the compiler over a project's {@link writeStrictSources}. */
export function compile(root: string, compiler: string, outDir: string): Promise<string> {
  return run(process.execPath, [compiler, '-p', '.', '--outDir', outDir], root);
}

function writeJson(file: string, content: unknown): void {
  writeFileSync(file, JSON.stringify(content, undefined, 2));
}

/** The version of a package that this repository works with. */
export function catalogVersion(name: string): string {
  const yaml = readFileSync(join(ROOT, 'pnpm-workspace.yaml'), 'utf8');
  const version = new RegExp(`^ +["']?${name}["']?: *(\\S+)$`, 'm').exec(yaml)?.[1];
  if (!version) throw new Error(`${name} is not in the catalog`);
  return version;
}
