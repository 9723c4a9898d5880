/**
 * Refuses `$landed_at` if no source is a folder of files. Rows of a table may be computed again, and a
 * session's time would be different each time. Header + SQL -> problems. Pure.
 */
import { type AuditSpec, FILES_PARAMETER, type TextPosition } from '../model/process-spec.ts';
import { scanSql } from '../model/scan-sql.ts';
import { writtenFolder } from './header-files.ts';
import { listOf } from './plain-values.ts';
import type { ReportProblem } from './problems.ts';
import type { QueryText } from './sql-text.ts';

export function checkLandedAt(
  header: Readonly<Record<string, unknown>>,
  {
    query,
    placeIn,
    audits,
    auditsPlace,
    report,
  }: {
    readonly query: QueryText;
    /** The place in the file of an offset in the query's SQL. */
    readonly placeIn: (offset: number) => TextPosition;
    readonly audits: readonly AuditSpec[];
    /** Where the header lists the audits. */
    readonly auditsPlace: TextPosition;
    readonly report: ReportProblem;
  },
): void {
  if (listOf(header['sources']).some((source) => writtenFolder(source) !== undefined)) return;
  const use = query.parameters.find(({ name }) => name === FILES_PARAMETER);
  if (use !== undefined) report(placeIn(use.offset), MESSAGE, HINT);
  for (const { name, sql = '' } of audits)
    if (scanSql(sql).parameters.some((each) => each.name === FILES_PARAMETER))
      report(auditsPlace, `the audit ${name}: ${MESSAGE}`, HINT);
}

const MESSAGE = `$${FILES_PARAMETER} is for a process that reads files, and this one reads none`;
const HINT = 'name a column of its sources; a time of the session would be another one in each restatement';
