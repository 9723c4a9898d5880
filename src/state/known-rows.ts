/**
 * Remembers what this process has written into a state table that keeps one file per process, so that those
 * rows need not be read back. Manifest list -> rows. A manifest list never changes, and no other has its
 * path.
 */
import { keepNewest } from '../model/keep-newest.ts';
import type { StateRow } from './tables/state-table.ts';

const known = new Map<string, ReadonlyMap<string, readonly StateRow[]>>();
/** Of those that were written last. */
const LISTS_KEPT = 64;

/** Notes the rows that a list holds of a process; of all others it holds what the list before it held. */
export function noteRows(
  list: string,
  written: {
    /** The list that it was composed on. */
    readonly base: string | undefined;
    readonly processName: string;
    readonly rows: readonly StateRow[];
    /** A process whose rows have gone. */
    readonly endedProcess: string | undefined;
  },
): void {
  const rows = new Map(written.base === undefined ? [] : known.get(written.base));
  if (written.endedProcess !== undefined) rows.set(written.endedProcess, []);
  rows.set(written.processName, written.rows);
  keepNewest(known, [list, rows], { max: LISTS_KEPT });
}

/** The rows of a process under a manifest list; undefined where this process did not write them. */
export const knownRows = (list: string, processName: string): readonly StateRow[] | undefined =>
  known.get(list)?.get(processName);
