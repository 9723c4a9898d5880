/** The rows that audits are about, as DuckDB sees them. */
import { IN_DUCKDB } from '../../kinds/audits/index.ts';
import { identifierFragment, renderStatement, statementFragment } from '../../statements/index.ts';
import type { AuditedRows } from '../audits.ts';
import { stagedTable } from '../session-tables.ts';
import { ownHourCtes, sourceCtes, sourceFileCtes, withinRestated } from './source-ctes.ts';

export const DUCKDB_ROWS: AuditedRows = {
  ...IN_DUCKDB,
  sources: sourceCtes,
  ownSources: ownHourCtes,
  sourceFiles: sourceFileCtes,
  outside: (_plan, spec, { only }) =>
    statementFragment(
      renderStatement(only === undefined ? 'audit/outside_range' : 'audit/outside_hours', {
        staged: stagedTable(spec),
        event_time: identifierFragment(spec.target.eventTime as string),
      }),
    ),
  isInside: withinRestated,
};
