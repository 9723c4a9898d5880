/**
 * Counts the rows that sources have in given hours. Sources + hours -> a count, from the manifests of their
 * heads: no row is read.
 */
import type { Hour, HourRange } from '../model/hour.ts';
import { intervalsOf } from '../model/hour-sets.ts';
import { type FileOfHours, filesAt } from './read-costs.ts';

export interface CountedRows {
  readonly rows: bigint;
  /** False if a file also holds rows of other hours: the count is then the most that there can be. */
  readonly isExact: boolean;
}

type CountedSource = Parameters<typeof filesAt>[1];

/** `hours`: ascending, those of the sources. A lookup has none, nor has a source without event times. */
export async function rowsOfHours(
  input: Parameters<typeof filesAt>[0],
  sources: readonly CountedSource[],
  hours: readonly Hour[],
): Promise<CountedRows> {
  const ranges = intervalsOf(hours);
  let rows = 0n;
  let isExact = true;
  for (const source of sources) {
    if (source.spec.lookup !== undefined || source.spec.files !== undefined) continue;
    for (const file of (await filesAt(input, source, ranges)) ?? []) {
      const held = placeOf(file, ranges);
      if (held === 'outside') continue;
      rows += file.rows;
      isExact &&= held === 'inside';
    }
  }
  return { rows, isExact };
}

/** Where a file's hours lie; one without bounds may hold rows of any. */
function placeOf(
  { first_hour: first, last_hour: last }: FileOfHours,
  ranges: readonly HourRange[],
): 'inside' | 'across' | 'outside' {
  if (first === null || last === null) return 'across';
  const [from, to] = [Number(first), Number(last)];
  if (ranges.some(({ firstHour, lastHour }) => from >= firstHour && to <= lastHour)) return 'inside';
  return ranges.some(({ firstHour, lastHour }) => from <= lastHour && to >= firstHour) ? 'across' : 'outside';
}
