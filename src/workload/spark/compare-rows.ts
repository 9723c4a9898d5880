/**
 * Rows that a session gave, and the same computed in another company, as Spark compares them. Work +
 * target -> what differs.
 */
import { type LookStep, sparkRowsAlone, sparkRowsApart } from '../../compile/index.ts';
import { currentSchema } from '../../iceberg/event-time.ts';
import type { TableMetadata } from '../../iceberg/table-metadata.ts';
import type { QueryColumn } from '../../model/column-type.ts';
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
): Promise<RowsDiffering> => differing(spark, sparkRowsApart(plan, spec, returnedColumns(target, columns)));

/** See `Workload.compareHour`. `columns`: those of the query. */
export const hourOnSpark = (
  spark: AttachedSpark,
  { plan, spec }: Work,
  target: TableMetadata,
  { again, columns }: { readonly again: HourAgain; readonly columns: readonly QueryColumn[] },
): Promise<RowsDiffering> =>
  differing(spark, sparkRowsAlone(plan, spec, again, returnedColumns(target, columns)));

async function differing(spark: AttachedSpark, step: LookStep): Promise<RowsDiffering> {
  const [row] = await spark.query(bindStep(step, {}));
  return row as unknown as RowsDiffering;
}

function returnedColumns(target: TableMetadata, columns: readonly QueryColumn[]): ReturnedColumn[] {
  const returned = new Map(columns.map(({ name, type }) => [name.toLowerCase(), type]));
  return currentSchema(target).fields.map(({ name, type }) => ({
    name,
    type,
    returned: returned.get(name.toLowerCase()),
  }));
}
