/**
 * The question for rows with NULL where the target requires a value. Files + condition -> statement. Pure.
 */
import type { Step } from '../model/plan.ts';
import { type SqlFragment, renderStatement } from '../statements/index.ts';

/** `nulls`: what a row of the files, which were just written, holds and must not. */
export const nullRowsStatement = ({
  files,
  nulls,
}: {
  readonly files: readonly string[];
  readonly nulls: SqlFragment;
}): Pick<Step, 'sql' | 'parameters'> => ({
  sql: renderStatement('load/null_rows', { nulls }),
  parameters: { files },
});
