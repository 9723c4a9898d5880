/**
 * Chooses the rows of a target that are judged. Record -> which rows. Pure. Hours further back than its
 * session reaches stay owed, as the process says, and so differ from a recompute.
 */
import { patternOf } from '../../kinds/patterns/index.ts';
import { type Hour, hourOfMs, instantOf, parseHour } from '../../model/hour.ts';
import { wholeDays } from '../../model/hour-sets.ts';
import type { ProcessSpec } from '../../model/process-spec.ts';
import type { RunRecord } from '../../model/run-record.ts';
import type { TestColumn } from '../../statements/index.ts';
import type { WholeRow } from './compare.ts';

/** Undefined if all rows are judged. */
export function judgedRows(
  spec: ProcessSpec,
  { catchup }: RunRecord,
  columns: readonly TestColumn[],
): ((row: WholeRow) => boolean) | undefined {
  const owed = (catchup?.beyond_hours ?? []).map(parseHour);
  const [first] = owed;
  const name = spec.target.eventTime?.toLowerCase();
  const index = columns.findIndex((column) => column.name.toLowerCase() === name);
  if (first === undefined || index < 0) return undefined;
  const { type } = columns[index] as TestColumn;
  // A date is only judged if all its hours are loaded.
  const left: ReadonlySet<Hour> = new Set(type.toUpperCase() === 'DATE' ? wholeDays(owed) : owed);
  return (row) => {
    const hour = hourOfMs(instantOf(String(row[index])));
    // A dimension builds on what it has: every hour after an owed one lacks what that one lacks.
    return patternOf(spec).readsPrevious ? hour < first : !left.has(hour);
  };
}
