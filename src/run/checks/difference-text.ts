/** Words how rows of a session that were computed twice differ. Session -> words. */
import type { HourAgain, RowsDiffering } from '../../workload/port.ts';
import { type Audited, workOf } from '../session.ts';

/** Undefined: they do not differ. */
export function differenceText(row: RowsDiffering | undefined): string | undefined {
  if (row === undefined) return undefined;
  if (row.rows_differing > 0n) return `rows that differ: ${row.rows_differing}`;
  return row.values_differ ? 'numbers differ' : undefined;
}

/** The same of hours whose staged rows are shown. */
export const hoursDiffering = async (shown: Audited, again: HourAgain): Promise<string | undefined> =>
  differenceText(await shown.ports.workload.compareHour(workOf(shown), shown.composed.metadata, again));
