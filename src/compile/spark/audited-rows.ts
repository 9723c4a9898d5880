/** The rows that audits are about, as Spark sees them. */
import {
  identifierFragment,
  renderStatement,
  sparkCteFragment,
  statementFragment,
} from '../../statements/index.ts';
import type { AuditedRows } from '../audits.ts';
import { stagedTable } from '../session-tables.ts';
import { isInside, ownHourRows, sourceFiles, sourceRows } from './source-rows.ts';

export const SPARK_ROWS: AuditedRows = {
  engine: 'spark',
  cte: sparkCteFragment,
  sources: sourceRows,
  ownSources: ownHourRows,
  sourceFiles,
  rowsOfOneFile: 'spark/rows_of_one_file',
  outside: (plan, spec, window) =>
    statementFragment(
      renderStatement('spark/outside', {
        staged: stagedTable(spec),
        event_time: identifierFragment(spec.target.eventTime as string),
        is_inside: isInside(plan, spec, window),
      }),
    ),
  isInside: (plan, spec, window) =>
    statementFragment(renderStatement('spark/judged_by_spark', { condition: isInside(plan, spec, window) })),
};
