/**
 * Remembers rewrites that were compared row by row, in a small file beside the sessions. A source that only
 * its compactions move keeps its watermark, so every session meets them again; this way their rows are read
 * once. Losing the file costs one more comparison, nothing else.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Keys kept, the newest: more rewrites than that are not passed by one watermark. About 100 bytes each. Not
 * measured.
 */
const KEYS_MAX = 1000;

/**
 * The rewrites that were found to change no row. A snapshot and its files never change, and neither does what
 * was found.
 */
export interface VerifiedRewrites {
  has(key: string): boolean;
  add(key: string): void;
  /** Writes down what was added; a folder that cannot be written to remembers nothing. */
  save(): void;
}

/** `path`: a JSON array of keys; it need not exist. */
export function openVerifiedRewrites(path: string): VerifiedRewrites {
  let known: Set<string> | undefined;
  const added = new Set<string>();
  return {
    has(key) {
      known ??= new Set(readKeys(path));
      return known.has(key) || added.has(key);
    },
    add(key) {
      added.add(key);
    },
    save() {
      if (added.size === 0) return;
      // Read again: another process may have written meanwhile. What gets lost in a race is compared once
      // more.
      const keys = [...new Set([...readKeys(path), ...added])].slice(-KEYS_MAX);
      const temporary = `${path}.${process.pid}`;
      try {
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(temporary, JSON.stringify(keys));
        renameSync(temporary, path);
      } catch {
        rmSync(temporary, { force: true });
        return;
      }
      known = new Set(keys);
      added.clear();
    },
  };
}

function readKeys(path: string): string[] {
  try {
    const keys: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return Array.isArray(keys) ? keys.filter((key) => typeof key === 'string') : [];
  } catch {
    return [];
  }
}
