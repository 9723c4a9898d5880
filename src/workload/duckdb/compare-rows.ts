/**
 * Compares rows that a session returned with the same rows computed in another company, in DuckDB. Work +
 * target -> what differs.
 */
import { boundIn, ownQuery, processParameters, rowsApart, stagedTable } from '../../compile/index.ts';
import type { Engine } from '../../engine/index.ts';
import { fileLayoutOf, isLayout } from '../../iceberg/file-layout.ts';
import type { TableMetadata } from '../../iceberg/table-metadata.ts';
import type { Plan } from '../../model/plan.ts';
import {
  type ColumnsLoosely,
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
  return asFarAsOrderDoesNotMatter(plan, target, async (fragments) => {
    const apart = statement('audit/rows_apart', { ...fragments, ...rowsApart(plan, spec) });
    const { parameters } = boundIn(apart.sql, spec, processParameters(plan, undefined));
    const [row] = await engine.query(apart, parameters);
    return row;
  });
}

/** See `Workload.compareHour`. */
export async function compareHour(
  engine: Engine,
  { plan, spec }: Work,
  target: TableMetadata,
  { compared, computed, time }: HourAgain,
): Promise<RowsDiffering | undefined> {
  return asFarAsOrderDoesNotMatter(plan, target, async (fragments) => {
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
  });
}

/**
 * Exactly; and where something differs, and the plan names columns that hang on the order of rows, once more
 * as far as that does not matter. Undefined of a target that DuckDB does not write.
 */
async function asFarAsOrderDoesNotMatter(
  plan: Plan,
  target: TableMetadata,
  compare: (fragments: ComparedColumns) => Promise<RowsDiffering | undefined>,
): Promise<RowsDiffering | undefined> {
  const { in_no_order: loosely } = plan;
  const exactly = comparedColumns(plan, target);
  if (exactly === undefined) return undefined;
  const found = await compare(exactly);
  const isSame = found === undefined || (found.rows_differing === 0n && !found.values_differ);
  if (isSame || loosely === undefined) return found;
  return compare(comparedColumns(plan, target, loosely) as ComparedColumns);
}

type ComparedColumns = Exclude<ReturnType<typeof comparedColumns>, undefined>;

function comparedColumns(
  { compares_without: without = [] }: Plan,
  target: TableMetadata,
  loosely?: ColumnsLoosely,
) {
  const layout = fileLayoutOf(target);
  if (!isLayout(layout)) return undefined;
  const columns = layout.columns.filter(({ name }) => !without.includes(name.toLowerCase()));
  return {
    columns: fileColumnsFragment(columns, []),
    no_values: noValuesFragment(columns),
    what_differs: statementFragment(
      renderStatement('fragments/what_differs', {
        exact_columns: exactColumnsFragment(columns, loosely),
        sums_differ: sumsDifferFragment(columns, loosely),
      }),
    ),
  };
}
