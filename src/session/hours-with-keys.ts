/**
 * Looks for changed keys in tables, one table after the other. Keys + tables + candidate hours -> those of
 * the hours that hold a key.
 */
import type { ChangedKeys } from '../changes/keys/changed-keys.ts';
import type { FilesRead } from '../changes/keys/files-of-hours.ts';
import type { Hour } from '../model/hour.ts';
import { ascending } from '../model/hour-sets.ts';
import type { KeyMatch } from '../model/session.ts';

export interface KeySearch<Table> {
  readonly keys: ChangedKeys;
  readonly tables: readonly Table[];
  /** Ascending. */
  readonly candidates: readonly Hour[];
  /** Which of the hours `left`, in which no key was found so far, rows of the table with a key belong to. */
  readonly hoursIn: (
    table: Table,
    left: readonly Hour[],
  ) => Promise<FilesRead & { readonly hours: readonly Hour[] }>;
}

/** Stops as soon as every candidate was found. Throws what `hoursIn` throws. */
export async function hoursWithKeys<Table>({
  keys,
  tables,
  candidates,
  hoursIn,
}: KeySearch<Table>): Promise<KeyMatch & { readonly hours: readonly Hour[] }> {
  const found = new Set<Hour>();
  let { files, bytes } = keys;
  for (const table of keys.count === 0 ? [] : tables) {
    const left = candidates.filter((hour) => !found.has(hour));
    if (left.length === 0) break;
    const held = await hoursIn(table, left);
    for (const hour of held.hours) found.add(hour);
    files += held.files;
    bytes += held.bytes;
  }
  const hours = ascending(found);
  const counts = { candidateHours: candidates.length, matchedHours: hours.length };
  return { hours, keys: keys.count, files, bytes, ...counts };
}
