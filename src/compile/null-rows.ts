/**
 * The question for rows with NULL where the target requires a value. Spec + condition -> statement. Pure.
 */
import type { Step } from '../model/plan.ts';
import type { ProcessSpec } from '../model/process-spec.ts';
import { type SqlFragment, renderStatement, statementFragment } from '../statements/index.ts';
import { stagedTable } from './source-ctes.ts';

/** Those that are staged, or in files that were just written. */
export type SearchedRows = 'staged' | { readonly files: readonly string[] };

/** `nulls`: what the row holds that it must not. */
export function nullRowsStatement(
  spec: ProcessSpec,
  { rows, nulls }: { readonly rows: SearchedRows; readonly nulls: SqlFragment },
): Pick<Step, 'sql' | 'parameters'> {
  const held =
    rows === 'staged'
      ? renderStatement('load/source_changes', { source: stagedTable(spec) })
      : renderStatement('load/written_rows');
  return {
    sql: renderStatement('load/null_rows', { query: statementFragment(held), nulls }),
    parameters: rows === 'staged' ? {} : { files: rows.files },
  };
}
