/**
 * Finds the order in which a session writes the rows of a file. Metadata -> order. Pure. A sort order binds
 * no writer (Iceberg specification, "Sorting"): if rows are not written in that order, their files do not
 * name it.
 */
import type { LayoutOrder } from '../model/file-layout.ts';
import { currentSchema } from './event-time.ts';
import type { TableMetadata } from './table-metadata.ts';

/**
 * Types whose values DuckDB orders as the specification does. Floating-point numbers differ in -0, and
 * readers differ about UUIDs.
 */
const ORDERED_ALIKE =
  /^(boolean|int|long|date|time|timestamp|timestamptz|timestamp_ns|string|binary|decimal\(.*)$/;

/**
 * The table's sort order, if plain SQL can follow it: values of columns as they are, in one file. COPY with
 * partitions does not keep the order within them (DuckDB 1.5.5: 28 pairs of 3,000,000 rows in 7 partitions
 * were the wrong way round, 2026-11-28).
 */
export function writtenOrder(metadata: TableMetadata): LayoutOrder | undefined {
  const order = metadata['sort-orders'].find(
    (each) => each['order-id'] === metadata['default-sort-order-id'],
  );
  const spec = metadata['partition-specs'].find((each) => each['spec-id'] === metadata['default-spec-id']);
  if (order === undefined || order.fields.length === 0 || (spec?.fields.length ?? 0) > 0) return undefined;
  const { fields: columns } = currentSchema(metadata);
  const fields = order.fields.map((field) => {
    const column = columns.find((each) => each.id === field['source-id']);
    const isPlain = field.transform === 'identity' && ORDERED_ALIKE.test(String(column?.type));
    return column === undefined || !isPlain
      ? undefined
      : {
          column: column.name,
          descending: field.direction.toLowerCase() === 'desc',
          nullsLast: field['null-order'].toLowerCase() === 'nulls-last',
        };
  });
  return fields.some((field) => field === undefined)
    ? undefined
    : { id: order['order-id'], fields: fields as LayoutOrder['fields'] };
}
