/**
 * The question for rows with NULL where the target requires a value. Plan + spec + condition -> statement.
 * Pure.
 */
import type { Plan, Step } from '../model/plan.ts';
import type { ProcessSpec } from '../model/process-spec.ts';
import {
  type SqlFragment,
  noSourceFragment,
  renderStatement,
  statementFragment,
  userQueryFragment,
} from '../statements/index.ts';
import { windowOf } from './compile-plan.ts';
import {
  type BoundFragment,
  hoursTable,
  namedIn,
  processParameters,
  sourceCtes,
  stagedTable,
  straddlingTable,
} from './source-ctes.ts';

/** Those that the query returns, that files of other hours hold too, that are staged, or in new files. */
export type SearchedRows = 'returned' | 'carried' | 'staged' | { readonly files: readonly string[] };

/** `nulls`: what the row holds that it must not. */
export function nullRowsStatement(
  plan: Plan,
  spec: ProcessSpec,
  { rows, nulls }: { readonly rows: SearchedRows; readonly nulls: SqlFragment },
): Pick<Step, 'sql' | 'parameters'> {
  const window = windowOf(plan, spec);
  const asks = rows === 'returned' && spec.pattern !== 'dimension';
  const sources: BoundFragment = asks
    ? sourceCtes(plan, spec, window)
    : { fragment: noSourceFragment(), parameters: {} };
  const query = asks ? userQueryFragment(spec.sql) : statementFragment(heldRows(spec, rows));
  const sql = renderStatement('load/null_rows', { sources: sources.fragment, query, nulls });
  const files = typeof rows === 'string' ? {} : { files: rows.files };
  return {
    sql,
    parameters: {
      ...namedIn(sql, { ...processParameters(plan, window), ...sources.parameters }),
      ...files,
    },
  };
}

function heldRows(spec: ProcessSpec, rows: SearchedRows): string {
  if (typeof rows !== 'string') return renderStatement('load/written_rows');
  if (rows === 'returned') return renderStatement('load/computed_hours', { hours: hoursTable });
  const source = rows === 'carried' ? straddlingTable(spec) : stagedTable(spec);
  return renderStatement('load/source_changes', { source });
}
