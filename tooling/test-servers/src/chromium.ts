import { existsSync } from 'node:fs';
import { chmod, copyFile, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { unpackedFromDebian } from './debian-packages.ts';
import { keepOnce } from './keep-once.ts';

/** Where Chromium, or Chrome, usually is. */
const USUAL = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
];

/** The sandbox needs rights that root in a container lacks, and the pages are our own alone. */
const NO_SANDBOX = '--no-sandbox';

/** What starts a browser, and what has to be said to it. */
export interface Browser {
  readonly executablePath: string;
  readonly args: string[];
}

/**
 * The browser of this machine: that of the variable `CHROMIUM`, one in a usual place, or the package of Debian, which is unpacked
 * beside the servers of the tests and not installed.
 *
 * @throws Error where there is none: a site that was not looked at is not a site that works.
 */
export async function findChromium(): Promise<Browser> {
  const given = process.env.CHROMIUM;
  const executablePath = given ?? USUAL.find((path) => existsSync(path));
  if (executablePath !== undefined) return { executablePath, args: [NO_SANDBOX] };
  const program = await unpackedFromDebian('bookworm', 'chromium', 'usr/lib/chromium/chromium');
  if (!('root' in program))
    throw new Error(`There is no Chromium (${program.reason}). Install one, or set CHROMIUM to its path.`);
  const folder = await keepOnce(`chromium-launcher-${process.arch}`, (part) =>
    makeLauncher(part, program.root),
  );
  const launcher = join(folder, 'chromium.sh');
  // the browser starts itself again, and would start the loader without a program
  return {
    executablePath: launcher,
    args: [NO_SANDBOX, '--no-zygote', `--browser-subprocess-path=${launcher}`],
  };
}

/**
 * A script that starts Chromium with the libraries it came with. Their loader is what runs, and Chromium looks for its files beside
 * that: so it stands among links to them.
 */
async function makeLauncher(folder: string, root: string): Promise<void> {
  const program = join(root, 'usr/lib/chromium');
  for (const name of await readdir(program)) {
    if (name !== 'loader') await symlink(join(program, name), join(folder, name));
  }
  const [libraries = ''] = await libraryFolders(join(root, 'lib'));
  const loader = (await readdir(libraries)).find((name) => /^ld-linux.*\.so\.\d+$/.test(name)) ?? '';
  await copyFile(join(libraries, loader), join(folder, 'loader'));
  await chmod(join(folder, 'loader'), 0o755);
  const folders = (await libraryFolders(join(root, 'usr/lib'))).flatMap((usr) => [
    usr,
    join(usr, 'pulseaudio'),
  ]);
  const path = [...folders, libraries].join(':');
  const script = join(folder, 'chromium.sh');
  await writeFile(
    script,
    `#!/bin/sh\nexec "$(dirname "$0")/loader" --library-path ${path} ${program}/chromium "$@"\n`,
  );
  await chmod(script, 0o755);
}

async function libraryFolders(parent: string): Promise<string[]> {
  const names = await readdir(parent);
  return names.filter((name) => name.endsWith('-linux-gnu')).map((name) => join(parent, name));
}
