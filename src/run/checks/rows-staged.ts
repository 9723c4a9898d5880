/**
 * Counts the rows that a session staged, and those of them outside its hours, from the writer's counts.
 * Session with its composed snapshot -> counts, or undefined if these do not tell. They are checked against
 * the manifests that are to be published.
 */
import { type HourWindow, restatesAppended, windowOf } from '../../compile/index.ts';
import type { HourRange } from '../../model/hour.ts';
import type { StagedCount } from '../../workload/port.ts';
import type { Composed } from '../session.ts';

/** The counts of the writer; undefined if the rows have to be read. */
export function countedByWriter({ plan, written, carriedRows, composed }: Composed): StagedCount | undefined {
  if (written === undefined) return undefined;
  const { rows, hours } = written;
  if (composed.snapshot.summary?.['added-records'] !== String(rows + carriedRows)) return undefined;
  const window = windowOf(plan);
  // If rows of other hours may come out of the query, its rows have to be asked for their hours.
  if (window !== undefined && (restatesAppended(plan) || !areWithin(hours, window))) return undefined;
  return { rows_staged: rows, rows_outside: 0n };
}

function areWithin(
  hours: readonly HourRange[] | undefined,
  { firstHour, lastHour, only }: HourWindow,
): boolean {
  if (hours === undefined) return false;
  const known = only === undefined ? undefined : new Set(only);
  return hours.every(
    (file) =>
      file.firstHour >= firstHour && file.lastHour <= lastHour && (known === undefined || holds(known, file)),
  );
}

function holds(hours: ReadonlySet<number>, file: HourRange): boolean {
  for (let hour = file.firstHour; hour <= file.lastHour; hour += 1) if (!hours.has(hour)) return false;
  return true;
}
