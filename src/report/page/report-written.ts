/** Sums up a report on a terminal. WarehouseReport -> text. Pure. */
import type { PageOptions } from '../document-text.ts';
import { UNLIMITED, wrapText } from '../fit.ts';
import { PLAIN } from '../style.ts';
import { countText, plural } from '../text.ts';
import { processState } from './process-state.ts';
import type { WarehouseReport } from './report-document.ts';
import { spanOfHours } from './scales.ts';

/**
 * Says where the report is, then one line for each source with late rows, for each process that is not up to
 * date, and for each problem.
 */
export function reportWrittenText(
  report: WarehouseReport,
  { file, style = PLAIN, width = UNLIMITED }: PageOptions & { readonly file: string },
): string {
  const { processes, sources, sessions, problems } = report;
  const head = `${style.strong(file)}: ${plural(processes.length, 'process', 'processes')}, ${plural(sources.length, 'source')}, ${plural(sessions.length, 'session')}`;
  const late = sources.flatMap(
    ({ table, late_rows: rows, delay_hours: delay, filled_from_history: isHistory }) =>
      isHistory || delay === null || rows === 0
        ? []
        : [
            `${table}: ${countText(rows)} rows came late, 99 % of all ${delay.p99 <= 0 ? 'in their hour' : `within ${spanOfHours(delay.p99)}`}, the latest after ${spanOfHours(delay.max)}`,
          ],
  );
  const states = processes.flatMap((process) => {
    const { level, text } = processState(process);
    if (level === 'good') return [];
    return [`${process.process_name}: ${level === 'bad' ? style.bad(text) : style.warn(text)}`];
  });
  const failed = problems.map(({ subject, error }) => style.bad(`${subject}: ${error.message}`));
  return [head, ...[...late, ...states, ...failed].map((line) => wrapText(line, width, 2))].join('\n');
}
