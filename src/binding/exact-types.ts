/**
 * Asks DuckDB for the exact types of a query's columns. Bound query -> types. Binding alone does not tell
 * them: there a NULL without a type is an INTEGER, and JSON a VARCHAR.
 */
import type { Binder, BoundColumn } from '../engine/index.ts';
import { patternOf } from '../kinds/patterns/index.ts';
import { emptyCteFragment, joinedFragment, renderStatement, userQueryFragment } from '../statements/index.ts';
import { type BindingInput, emptySourceCtes, withTypedVariables } from './bind-process.ts';

/** `columns`: as they were bound. Undefined where DuckDB does not say it. */
export async function exactTypes(
  binder: Binder,
  input: BindingInput,
  columns: readonly BoundColumn[],
): Promise<BoundColumn[] | undefined> {
  const { spec, target } = input;
  const readsTarget = patternOf(spec).readsPrevious && target !== undefined;
  const previous = readsTarget ? [emptyCteFragment('previous', target)] : [];
  const sql = renderStatement('compile/column_types', {
    sources: joinedFragment([...emptySourceCtes(input), ...previous], ',\n'),
    query: userQueryFragment(withTypedVariables(input, spec.sql)),
  });
  const [row] = await binder.rows(sql).catch(() => []);
  const types = row === undefined ? [] : Object.values(row).map(String);
  if (types.length !== columns.length) return undefined;
  return columns.map(({ name }, index) => ({ name, type: types[index] as string }));
}
