/**
 * How many rows a session staged, and how many of them lie outside of its hours. Session with its composed
 * snapshot -> counts, where the writer's tell. They are held against the manifests that are to be published.
 */
import { type HourWindow, restatesAppended, windowOf } from '../../compile/index.ts';
import type { HourRange } from '../../model/hour.ts';
import type { StagedCount } from '../../workload/port.ts';
import type { Composed } from '../session.ts';

/** Undefined where rows have to be read. */
export function toldByWriter({ plan, written, carriedRows, composed }: Composed): StagedCount | undefined {
  if (written === undefined) return undefined;
  const { rows, hours } = written;
  if (composed.snapshot.summary?.['added-records'] !== String(rows + carriedRows)) return undefined;
  const window = windowOf(plan);
  // Of a process whose rows come of rows of other hours it is the query that has to be asked.
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
