import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unpackedFromDebian } from '@stackone/test-servers';

const LIBRARY = `usr/lib/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu/faketime/libfaketimeMT.so.1`;

/** A clock that programs have in place of the machine's: the time of day, not the one that only runs forward. */
export class OtherClock implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'clock-'));
  readonly #file = join(this.#folder, 'offset');
  /** For programs that are to have it. */
  readonly environment: Readonly<Record<string, string>>;

  private constructor(library: string) {
    this.environment = {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: this.#file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    };
    chmodSync(this.#folder, 0o755);
    this.set(0);
  }

  /** @throws Error where libfaketime of Debian is not to be had. */
  static async make(): Promise<OtherClock> {
    const unpacked = await unpackedFromDebian('bookworm', 'libfaketime', LIBRARY);
    if (!('root' in unpacked)) throw new Error(`There is no libfaketime: ${unpacked.reason}`);
    return new OtherClock(join(unpacked.root, LIBRARY));
  }

  /** @param seconds - By how much it is ahead of the machine's. */
  set(seconds: number): void {
    writeFileSync(this.#file, `${seconds < 0 ? '' : '+'}${seconds}\n`);
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true });
  }
}
