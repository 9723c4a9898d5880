/**
 * Checks that files are, byte for byte, those that are expected. Paths and digests -> yes or no. A file whose
 * digest was right is not read again: the result is kept in the package's own folder, where whoever may write
 * could also write psyberg itself.
 */
import { createHash } from 'node:crypto';
import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { writeAtOnce } from '../disk/write-at-once.ts';

export interface ExpectedFile {
  readonly path: string;
  /** Hexadecimal. */
  readonly sha256: string;
}

const FOUND = fileURLToPath(new URL('../../dist/.known-files.json', import.meta.url));
/**
 * A file system may give two writes one time if they come shortly after each other (2 s on the coarsest):
 * what was found of a file that has just been written is not kept.
 */
const SETTLED_MS = 3000;
const CHUNK_BYTES = 1 << 18;

/** `found`: where what was found is kept. A file that cannot be read is not the expected one. */
export function areExpected(files: readonly ExpectedFile[], found: string = FOUND): boolean {
  const known = new Set(readFound(found));
  const marks: string[] = [];
  try {
    for (const { path, sha256 } of files) {
      const { mark, isSettled } = identityOf(path, sha256);
      if (!known.has(mark) && digestOf(path) !== sha256) return false;
      // Written meanwhile, it may be another one.
      if (identityOf(path, sha256).mark !== mark) return false;
      if (isSettled) marks.push(mark);
    }
  } catch {
    return false;
  }
  if (marks.some((mark) => !known.has(mark))) keep(found, marks);
  return true;
}

/** What changes with every write of a file: nobody but the system sets the time of its last change. */
function identityOf(path: string, sha256: string): { readonly mark: string; readonly isSettled: boolean } {
  const { dev, ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
  const mark = [sha256, dev, ino, size, mtimeNs, ctimeNs].join(' ');
  return { mark, isSettled: Date.now() - Number(ctimeNs / 1_000_000n) > SETTLED_MS };
}

function digestOf(path: string): string {
  const hash = createHash('sha256');
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  const file = openSync(path, 'r');
  try {
    for (let bytes = readSync(file, chunk); bytes > 0; bytes = readSync(file, chunk))
      hash.update(chunk.subarray(0, bytes));
  } finally {
    closeSync(file);
  }
  return hash.digest('hex');
}

function readFound(found: string): readonly string[] {
  try {
    const kept: unknown = JSON.parse(readFileSync(found, 'utf8'));
    return Array.isArray(kept) ? kept.filter((each) => typeof each === 'string') : [];
  } catch {
    return [];
  }
}

function keep(found: string, marks: readonly string[]): void {
  try {
    writeAtOnce(found, JSON.stringify(marks));
  } catch {
    // Files are read again the next time.
  }
}
