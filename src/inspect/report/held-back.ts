/** Finds the source that keeps hours of a process waiting. Status and watermarks -> a source. Pure. */
import { type Hour, hourText, parseHour } from '../../model/hour.ts';
import { tableName } from '../../model/names.ts';
import type { ProcessSpec } from '../../model/process-spec.ts';
import type { ReportedProcess } from '../../report/page/report-document.ts';
import type { ProcessStatus } from '../../report/status.ts';

/**
 * If hours are owed, names the source that is complete for the fewest hours. A source that a process writes
 * is complete up to what that process announced; any other one, as far as metadata tell, to its newest hour.
 */
export function heldBackBy(
  spec: ProcessSpec,
  owedHours: readonly string[],
  {
    completeTo,
    newestHours,
  }: {
    /** By target: up to which hour its process has completed it. */
    readonly completeTo: ReadonlyMap<string, string | null>;
    /** By source: the newest hour that the watermark knows. */
    readonly newestHours: ReadonlyMap<string, Hour | undefined>;
  },
): ReportedProcess['held_back_by'] {
  if (owedHours.length === 0) return null;
  const known = spec.sources.flatMap((source) => {
    const name = tableName(source.table);
    if (source.lookup !== undefined || source.files !== undefined) return [];
    const made = completeTo.get(name);
    const hour = made === undefined ? newestHours.get(name) : made === null ? undefined : parseHour(made);
    return [{ source: name, hour }];
  });
  const least = known.reduce<(typeof known)[number] | undefined>(
    (earliest, each) =>
      earliest === undefined || (each.hour ?? -Infinity) < (earliest.hour ?? -Infinity) ? each : earliest,
    undefined,
  );
  return least === undefined
    ? null
    : {
        source: least.source,
        complete_to_hour: least.hour === undefined ? null : hourText(least.hour),
      };
}

/** The hours owed over all sources of a process, each once, ascending. */
export const owedHoursOf = (status: ProcessStatus | null): string[] =>
  [...new Set(status?.sources.flatMap(({ owed_hours: hours }) => hours) ?? [])].sort();
