/** Finds what each published session read of its sources. Session rows -> ReadingSession[]. Pure. */
import { type HourRange, parseHour } from '../../model/hour.ts';
import { parseHourPairs } from '../../model/hours-made.ts';
import { tableName } from '../../model/names.ts';
import type { ProcessSpec, SourceSpec } from '../../model/process-spec.ts';
import type { HistoryRow } from '../../report/status.ts';
import type { ReadingSession, SourceRead } from './savings.ts';
import type { SessionSource } from './session-writes.ts';

/**
 * `own`: the sessions of the process; `rows`: those of the published ones, oldest first. `events`: its
 * sources with hours; `placeOf`: the place of a snapshot among all of such a source.
 */
export function readingSessions(
  spec: ProcessSpec,
  own: readonly HistoryRow[],
  rows: readonly SessionSource[],
  {
    events,
    placeOf,
  }: {
    readonly events: readonly SourceSpec[];
    readonly placeOf: (index: number, snapshotId: bigint) => number | undefined;
  },
): ReadingSession[] {
  const known = new Map(own.map((row) => [row.psyberg_session_id, row]));
  let newest = Number.NEGATIVE_INFINITY;
  return [...Map.groupBy(rows, ({ psyberg_session_id: id }) => id)].flatMap(([id, sources]) => {
    const session = known.get(id);
    if (session === undefined || session.last_hour === null) return [];
    newest = Math.max(newest, parseHour(session.last_hour));
    const hours = hoursLoaded(spec, session, sources);
    const reads = events.map((source, index): SourceRead => {
      const row = sources.find(({ src_table: table }) => table === tableName(source.table));
      return {
        head: placeOf(index, row?.source_snapshot_id ?? -1n),
        hours: hours?.map((range) => widened(range, source)),
      };
    });
    return [{ newest, rowsRead: Number(session.rows_read ?? 0), reads }];
  });
}

/** Undefined for a process that loads what is new, whatever its hour. */
function hoursLoaded(
  spec: ProcessSpec,
  { first_hour: first, last_hour: last }: HistoryRow,
  sources: readonly SessionSource[],
): readonly HourRange[] | undefined {
  if (spec.pattern === 'stateless' || first === null || last === null) return undefined;
  const written = spec.hours === 'touched' ? parseHourPairs(sources[0]?.hours_written) : undefined;
  return written ?? [{ firstHour: parseHour(first), lastHour: parseHour(last) }];
}

/** Widens hours of the target to those of the source that its window reaches. */
const widened = ({ firstHour, lastHour }: HourRange, { window }: SourceSpec): HourRange => ({
  firstHour: firstHour - (window?.beforeHours ?? 0),
  lastHour: lastHour + (window?.afterHours ?? 0),
});
