/**
 * Fragments of the statements that write a target's data files and their manifest. FileLayout -> fragments.
 * Pure.
 */
import type { LayoutColumn, LayoutOrder, LayoutPartition } from '../model/file-layout.ts';
import { DUCKDB_TYPES } from './duckdb-types.ts';
import type { PartitionValue } from './partition-values.ts';
import { type SqlFragment, NOTHING, quoteIdentifier, statementFragment } from './quote.ts';

const duckdbType = (type: string): string => DUCKDB_TYPES[type] ?? type;

/** The column by which files are split; its own name, since a partition field may be called like a column. */
export const partitionColumnName = (index: number): string => `psyberg_partition_${index + 1}`;

/** The target's columns in their types, then the values by which files are split. */
export function fileColumnsFragment(
  columns: readonly LayoutColumn[],
  partition: readonly LayoutPartition[],
): SqlFragment {
  const values = columns.map(
    (column) =>
      `${quoteIdentifier(column.name)}::${duckdbType(column.type)} as ${quoteIdentifier(column.name)}`,
  );
  return statementFragment(
    [
      ...values,
      ...partition.map((field, index) => `${partitionValue(field)} as ${partitionColumnName(index)}`),
    ].join(',\n    '),
  );
}

/** Iceberg specification, "Partition Transforms": counts since 1970-01-01, rounded down. */
function partitionValue({ transform, argument, column }: LayoutPartition): string {
  const value = `${quoteIdentifier(column.name)}::${duckdbType(column.type)}`;
  if (transform === 'bucket' || transform === 'truncate')
    return `iceberg_${transform}(${Number(argument)}, ${value})`;
  if (transform === 'identity') return value;
  const days =
    column.type === 'date'
      ? `(${value} - date '1970-01-01')`
      : `((epoch_us(${value}) // 86400000000) - (epoch_us(${value}) % 86400000000 < 0)::bigint)`;
  if (transform === 'hour') return `event_hour(epoch_us(${value}), 'us', false)::integer`;
  if (transform === 'day') return `${days}::integer`;
  const date = `(date '1970-01-01' + ${days}::integer)`;
  return transform === 'month'
    ? `((year(${date}) - 1970) * 12 + month(${date}) - 1)::integer`
    : `(year(${date}) - 1970)::integer`;
}

/** The columns of version 3 that say where a row comes from (Iceberg specification, "Reserved Field IDs"). */
export const ROW_LINEAGE_FIELDS = [
  { name: '_row_id', id: 2147483540 },
  { name: '_last_updated_sequence_number', id: 2147483539 },
] as const;

/** `, "_row_id", …`: those columns after others. */
export const rowLineageColumnsFragment = (): SqlFragment =>
  statementFragment(ROW_LINEAGE_FIELDS.map((field) => `, ${quoteIdentifier(field.name)}`).join(''));

/** The columns of rows that move to another file; the row ids of version 3 are no part of `*`. */
export const carriedColumnsFragment = (withRowIds: boolean): SqlFragment =>
  statementFragment(withRowIds ? '*, _row_id, _last_updated_sequence_number' : '*');

/** `null as "a", null as "b"`. */
export const noValuesFragment = (columns: readonly LayoutColumn[]): SqlFragment =>
  statementFragment(columns.map((column) => `null as ${quoteIdentifier(column.name)}`).join(', '));

/** Where the files go: a folder a partition with names that never meet, or one file. */
export function fileLayoutFragment(partition: readonly LayoutPartition[]): SqlFragment {
  if (partition.length === 0) return NOTHING;
  return statementFragment(
    `,\n  partition_by (${partition.map((_field, index) => partitionColumnName(index)).join(', ')}),\n  filename_pattern '{uuidv7}',\n  overwrite_or_ignore`,
  );
}

/** `order by "a" desc nulls last`, or nothing. */
export function fileOrderFragment(order: LayoutOrder | undefined): SqlFragment {
  if (order === undefined) return NOTHING;
  const keys = order.fields.map(
    ({ column, descending, nullsLast }) =>
      `${quoteIdentifier(column)} ${descending ? 'desc' : 'asc'} nulls ${nullsLast ? 'last' : 'first'}`,
  );
  return statementFragment(`\n  order by ${keys.join(', ')}`);
}

/** The fields by which files are split, with the types of their values. */
export const writtenValues = (partition: readonly LayoutPartition[]): PartitionValue[] =>
  partition.map(({ name, transform, column }) => ({
    name,
    transform,
    type: transform === 'identity' || transform === 'truncate' ? column.type : 'int',
  }));
