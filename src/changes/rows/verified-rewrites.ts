/**
 * Remembers rewrites that were compared row by row, in a small file beside the sessions. A source that only
 * its compactions move keeps its watermark, so every session meets them again; this way their rows are read
 * once. Losing the file costs one more comparison, nothing else.
 */
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { makeFolder } from '../../disk/make-folder.ts';
import { writeAtOnce } from '../../disk/write-at-once.ts';

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
      try {
        makeFolder(dirname(path));
        writeAtOnce(path, JSON.stringify(keys));
      } catch {
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
