import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Whether this user may mount one. */
export const MAY_MOUNT = process.platform === 'linux' && process.getuid?.() === 0;

/** A disk in memory, in a folder of its own, that can be filled. */
export class SmallDisk implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'disk-'));
  readonly #ballast = join(this.folder, 'ballast');

  /** @param megabytes - Its size. */
  constructor(megabytes: number) {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'faults', this.folder]);
    chmodSync(this.folder, 0o755);
  }

  /** Leaves at most so many bytes; others may write meanwhile. */
  fill(left: number): void {
    for (;;) {
      const { bavail, bsize } = statfsSync(this.folder);
      const bytes = Math.floor(bavail * bsize - left);
      if (bytes <= 0) return;
      try {
        execFileSync('fallocate', ['--length', `${bytes}`, this.#ballast], { stdio: 'ignore' });
        return;
      } catch {
        rmSync(this.#ballast, { force: true }); // somebody was quicker
      }
    }
  }

  free(): void {
    rmSync(this.#ballast, { force: true });
  }

  [Symbol.dispose](): void {
    execFileSync('umount', ['--lazy', this.folder]);
    rmSync(this.folder, { recursive: true });
  }
}
