/** A file system of a test's own, which may be filled to the brim or made read-only. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/**
 * A file system of 16 MB in memory; undefined where this user may not mount one. It is unmounted when the
 * test ends.
 */
export function ownFileSystem(): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'psyberg-mount-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', folder], { stdio: 'ignore' });
  } catch {
    rmSync(folder, { recursive: true });
    return undefined;
  }
  onTestFinished(() => {
    // Lazily: a test that failed may have files open in it.
    execFileSync('umount', ['--lazy', folder]);
    rmSync(folder, { recursive: true });
  });
  return folder;
}
