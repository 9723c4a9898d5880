/**
 * Rows that a session gave, and the same computed in another company, as DuckDB compares them. Work +
 * target -> what differs.
 */
import { boundIn, ownQuery, processParameters, rowsApart, stagedTable } from '../../compile/index.ts';
import type { Engine } from '../../engine/index.ts';
import { fileLayoutOf, isLayout } from '../../iceberg/file-layout.ts';
import type { TableMetadata } from '../../iceberg/table-metadata.ts';
import {
  exactColumnsFragment,
  fileColumnsFragment,
  noValuesFragment,
  renderStatement,
  statement,
  statementFragment,
  storedHour,
  sumsDifferFragment,
} from '../../statements/index.ts';
import type { HourAgain, RowsDiffering, Work } from '../port.ts';

/** See `Workload.compareHalves`. */
export async function compareHalves(
  engine: Engine,
  { plan, spec }: Work,
  target: TableMetadata,
): Promise<RowsDiffering | undefined> {
  const fragments = comparedColumns(target);
  if (fragments === undefined) return undefined;
  const apart = statement('audit/rows_apart', { ...fragments, ...rowsApart(plan, spec) });
  const { parameters } = boundIn(apart.sql, spec, processParameters(plan, undefined));
  const [row] = await engine.query(apart, parameters);
  return row;
}

/** See `Workload.compareHour`. */
export async function compareHour(
  engine: Engine,
  { plan, spec }: Work,
  target: TableMetadata,
  { compared, computed, time }: HourAgain,
): Promise<RowsDiffering | undefined> {
  const fragments = comparedColumns(target);
  if (fragments === undefined) return undefined;
  const query = ownQuery(plan, spec, computed);
  const [row] = await engine.query(
    statement('audit/rows_alone', {
      ...fragments,
      query: statementFragment(query.sql),
      staged: stagedTable(spec),
      ...storedHour(time),
    }),
    { ...query.parameters, compared_first: compared.firstHour, compared_last: compared.lastHour },
  );
  return row;
}

/** Undefined of a target that DuckDB does not write. */
function comparedColumns(target: TableMetadata) {
  const layout = fileLayoutOf(target);
  if (!isLayout(layout)) return undefined;
  const { columns } = layout;
  return {
    columns: fileColumnsFragment(columns, []),
    no_values: noValuesFragment(columns),
    what_differs: statementFragment(
      renderStatement('fragments/what_differs', {
        exact_columns: exactColumnsFragment(columns),
        sums_differ: sumsDifferFragment(columns),
      }),
    ),
  };
}
