/**
 * Rows that a session gave, and the same computed in another company, as Spark compares them. Work +
 * target -> what differs.
 */
import { type LookStep, sparkRowsAlone, sparkRowsApart } from '../../compile/index.ts';
import { currentSchema } from '../../iceberg/event-time.ts';
import type { TableMetadata } from '../../iceberg/table-metadata.ts';
import type { QueryColumn } from '../../model/column-type.ts';
import type { Plan } from '../../model/plan.ts';
import type { ReturnedColumn } from '../../statements/index.ts';
import { bindStep } from '../bind-step.ts';
import type { HourAgain, RowsDiffering, Work } from '../port.ts';
import type { AttachedSpark } from './session.ts';

/** See `Workload.compareHalves`. `columns`: those of the query. */
export const halvesOnSpark = (
  spark: AttachedSpark,
  { plan, spec }: Work,
  target: TableMetadata,
  columns: readonly QueryColumn[],
): Promise<RowsDiffering> =>
  asFarAsOrderDoesNotMatter(plan, returnedColumns(plan, target, columns), (compared) =>
    differing(spark, sparkRowsApart(plan, spec, compared)),
  );

/** See `Workload.compareHour`. `columns`: those of the query. */
export const hourOnSpark = (
  spark: AttachedSpark,
  { plan, spec }: Work,
  target: TableMetadata,
  { again, columns }: { readonly again: HourAgain; readonly columns: readonly QueryColumn[] },
): Promise<RowsDiffering> =>
  asFarAsOrderDoesNotMatter(plan, returnedColumns(plan, target, columns), (compared) =>
    differing(spark, sparkRowsAlone(plan, spec, again, compared)),
  );

/** Where something differs, once more without the columns that hang on the order of rows. */
async function asFarAsOrderDoesNotMatter(
  { in_no_order: loosely }: Plan,
  columns: readonly ReturnedColumn[],
  compare: (columns: readonly ReturnedColumn[]) => Promise<RowsDiffering>,
): Promise<RowsDiffering> {
  const found = await compare(columns);
  const isSame = found.rows_differing === 0n && !found.values_differ;
  if (isSame || loosely === undefined) return found;
  const left = new Set([...loosely.lists, ...loosely.others]);
  const others = columns.filter(({ name }) => !left.has(name.toLowerCase()));
  // Where all columns hang on it there is nothing that could be the same.
  return others.length === 0 ? found : compare(others);
}

async function differing(spark: AttachedSpark, step: LookStep): Promise<RowsDiffering> {
  const [row] = await spark.query(bindStep(step, {}));
  return row as unknown as RowsDiffering;
}

function returnedColumns(
  { compares_without: without = [] }: Plan,
  target: TableMetadata,
  columns: readonly QueryColumn[],
): ReturnedColumn[] {
  const returned = new Map(columns.map(({ name, type }) => [name.toLowerCase(), type]));
  const compared = currentSchema(target).fields.filter(({ name }) => !without.includes(name.toLowerCase()));
  return compared.map(({ name, type }) => ({
    name,
    type,
    returned: returned.get(name.toLowerCase()),
  }));
}
