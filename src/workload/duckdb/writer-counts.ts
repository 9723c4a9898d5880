/** Reads what COPY reports of its files. Report -> what is known of their rows. Pure. */
import type { LayoutColumn } from '../../model/file-layout.ts';
import { HOUR_MS, type HourRange } from '../../model/hour.ts';
import type { WriterCounts } from '../../model/writer-counts.ts';
import { statisticsOf, type WrittenFile } from '../../tables/write/data-files.ts';

interface Written {
  readonly files: readonly WrittenFile[];
  readonly columns: readonly LayoutColumn[];
  /** The column that says in which hour a row lies; undefined where the target has none. */
  readonly eventTime: string | undefined;
}

export function writerCounts({ files, columns, eventTime }: Written): WriterCounts {
  const withoutNull = columns
    .map(({ name }) => name)
    .filter((name) => files.every((file) => statisticsOf(file, name)?.['null_count'] === '0'));
  return {
    rows: files.reduce((sum, { count }) => sum + count, 0n),
    columnsWithoutNull: new Set(withoutNull.map((name) => name.toLowerCase())),
    hours: eventTime === undefined ? undefined : hoursOf(files, eventTime),
  };
}

function hoursOf(files: readonly WrittenFile[], eventTime: string): HourRange[] | undefined {
  const hours: HourRange[] = [];
  for (const file of files) {
    const statistics = statisticsOf(file, eventTime);
    const [firstHour, lastHour] = [hourOf(statistics?.['min']), hourOf(statistics?.['max'])];
    // A row without an event time lies in no hour.
    const isKnown = statistics?.['null_count'] === '0' && firstHour !== undefined && lastHour !== undefined;
    if (!isKnown) return undefined;
    hours.push({ firstHour, lastHour });
  }
  return hours;
}

/**
 * The hour of a time as DuckDB writes it in UTC. Undefined for a date, which lies in 24, and for what is
 * written otherwise: infinity, years before the first and after 9999.
 */
function hourOf(text: string | undefined): number | undefined {
  const found = /^(\d{4})-(\d\d)-(\d\d) (\d\d):\d\d:\d\d(?:\.\d+)?(?:\+00)?$/.exec(text ?? '');
  if (found === null) return undefined;
  const [year, month, day, hour] = found.slice(1).map(Number) as [number, number, number, number];
  // Years up to 99 are those of the last century to JavaScript.
  return year < 100 ? undefined : Date.UTC(year, month - 1, day, hour) / HOUR_MS;
}
