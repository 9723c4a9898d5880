/**
 * Reads whole files into memory that is used again for the next one. Path -> bytes, for now. A session looks
 * at files of many rows and keeps little of them; a buffer for each counts as much towards V8's limit as the
 * heap itself, and had it collect its old space in every third to fifth session, 65 ms of CPU each on five
 * threads (tables of 1,600 snapshots, AMD EPYC, 2026-12-01).
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** A larger file gets a buffer of its own. */
const KEPT_BYTES_MAX = 64 * 1024 * 1024;

/** Undefined while it is in use. */
let kept: Buffer | undefined = Buffer.alloc(0);

/**
 * What `use` makes of a file. Its bytes are good until `use` returns: it copies what it keeps of them. Throws
 * what Node throws, and what `use` throws.
 */
export function readForNow<T>(path: string, use: (file: Buffer) => T): T {
  const file = openSync(path, 'r');
  let buffer: Buffer;
  let length = 0;
  try {
    const { size } = fstatSync(file);
    buffer = kept !== undefined && kept.length >= size ? kept : Buffer.allocUnsafeSlow(roomFor(size));
    kept = undefined;
    while (length < size) {
      const read = readSync(file, buffer, length, size - length, null);
      if (read === 0) break;
      length += read;
    }
  } finally {
    closeSync(file);
  }
  try {
    return use(buffer.subarray(0, length));
  } finally {
    if (buffer.length <= KEPT_BYTES_MAX) kept = buffer;
  }
}

/** A quarter more: files of a table grow. */
const roomFor = (size: number): number => Math.ceil(size * 1.25);
