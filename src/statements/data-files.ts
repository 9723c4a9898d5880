/**
 * Makes fragments of the statements that write a target's data files and their manifest. FileLayout ->
 * fragments. Pure.
 */
import type { LayoutColumn, LayoutOrder, LayoutPartition, LayoutType } from '../model/file-layout.ts';
import { duckdbTypeName } from './file-columns.ts';
import { partitionKey } from './partition-keys.ts';
import type { PartitionValue } from './partition-values.ts';
import { NOTHING, quoteIdentifier, type SqlFragment, statementFragment } from './quote.ts';

/** DuckDB's name of a column's type, for types that it writes but has no name for in files that it reads. */
function writtenType(type: LayoutType): string {
  if (typeof type === 'string' && type.startsWith('geometry')) return 'geometry';
  return type === 'variant' ? type : (duckdbTypeName(type) as string);
}

/**
 * The name of the column that splits files; it differs from the field's, since a partition field may have the
 * name of a column.
 */
export const partitionColumnName = (index: number): string => `psyberg_partition_${index + 1}`;

/**
 * The target's columns in their types, then the values that split files. `named`: the name that the rows have
 * for a column.
 */
export function fileColumnsFragment(
  columns: readonly LayoutColumn[],
  partition: readonly LayoutPartition[],
  named: (column: string) => string = (column) => column,
): SqlFragment {
  const values = columns.map(
    (column) =>
      `${quoteIdentifier(named(column.name))}::${writtenType(column.type)} as ${quoteIdentifier(column.name)}`,
  );
  return statementFragment(
    [
      ...values,
      ...partition.map((field, index) => `${partitionKey(field)} as ${partitionColumnName(index)}`),
    ].join(',\n    '),
  );
}

/**
 * The columns by which equal rows are grouped, and a text for those whose values DuckDB 1.5.5 considers equal
 * though they differ, such as -0.0 and 0.0.
 */
export const comparedColumnsFragment = (columns: readonly LayoutColumn[]): SqlFragment =>
  statementFragment(
    [
      ...columns.map(({ name }) => quoteIdentifier(name)),
      ...columns
        .filter(({ type }) => typeof type !== 'string' || type === 'float' || type === 'double')
        .map(
          ({ name }, index) => `json_array(${quoteIdentifier(name)})::varchar as psyberg_text_${index + 1}`,
        ),
    ].join(', '),
  );

/** The columns whose values do not depend on the order in which the underlying rows were read. */
export function exactColumnsFragment(
  columns: readonly LayoutColumn[],
  { lists, others }: ColumnsLoosely = EXACTLY,
): SqlFragment {
  const among = (names: readonly string[], name: string): boolean => names.includes(name.toLowerCase());
  const exact = columns
    .filter(({ name, type }) => isExact(type) && !among(others, name))
    .flatMap((column) => (among(lists, column.name) ? sorted(column) : quoteIdentifier(column.name)));
  // If there is none, rows are distinguished only by their number.
  return statementFragment(exact.length === 0 ? 'true as psyberg_row' : exact.join(', '));
}

/** Columns that depend on the order in which rows were read, in lower case. */
export interface ColumnsLoosely {
  /** Compared without regard to the order of their values. */
  readonly lists: readonly string[];
  /** Not compared at all. */
  readonly others: readonly string[];
}
const EXACTLY: ColumnsLoosely = { lists: [], others: [] };

/** A text is compared by its letters, which are those of its values. */
function sorted({ name, type }: LayoutColumn): string[] {
  const column = quoteIdentifier(name);
  if (type === 'string') return [`list_sort(string_split(${column}, '')) as ${column}`];
  return typeof type !== 'string' && type.type === 'list' ? [`list_sort(${column}) as ${column}`] : [];
}

function isExact(type: LayoutType): boolean {
  if (typeof type === 'string') return !/^(?:float|double|variant|geometry|geography|unknown)/.test(type);
  if (type.type === 'struct') return type.fields.every((field) => isExact(field.type));
  return type.type === 'list' ? isExact(type.element) : isExact(type.key) && isExact(type.value);
}

/**
 * For rows with `psyberg_side` 1 and -1: whether sums of floating-point numbers differ by more than rounding.
 */
export function sumsDifferFragment(
  columns: readonly LayoutColumn[],
  { lists, others }: ColumnsLoosely = EXACTLY,
): SqlFragment {
  const loose = new Set([...lists, ...others]);
  const sums = columns
    .filter(({ name, type }) => (type === 'float' || type === 'double') && !loose.has(name.toLowerCase()))
    .map(({ name }) => {
      const finite = `case when isfinite(${quoteIdentifier(name)}) then ${quoteIdentifier(name)}::double end`;
      return `abs(sum(${finite} * psyberg_side)) > 1e-6 * sum(abs(${finite}))`;
    });
  return statementFragment(sums.length === 0 ? 'false' : sums.join(' or '));
}

/**
 * `{"a": 1, "b": {__duckdb_field_id: 2, "element": 3}}`: Iceberg's field ids for COPY, including parts of
 * columns.
 */
export const fieldIdsFragment = (columns: readonly LayoutColumn[]): SqlFragment =>
  statementFragment(`{${columns.map(({ id, name, type }) => fieldIds(name, id, type)).join(', ')}}`);

function fieldIds(name: string, id: number, type: LayoutType): string {
  const parts = partsOf(type);
  const inner = parts.map((part) => fieldIds(part.name, part.id, part.type)).join(', ');
  return `${quoteIdentifier(name)}: ${parts.length === 0 ? Number(id) : `{__duckdb_field_id: ${Number(id)}, ${inner}}`}`;
}

/** The parts of a nested type, under their names in Parquet. */
function partsOf(type: LayoutType): readonly LayoutColumn[] {
  if (typeof type === 'string') return [];
  if (type.type === 'struct') return type.fields;
  return type.type === 'list'
    ? [{ name: 'element', id: type['element-id'], type: type.element }]
    : [
        { name: 'key', id: type['key-id'], type: type.key },
        { name: 'value', id: type['value-id'], type: type.value },
      ];
}

/**
 * The columns of version 3 that tell where a row comes from (Iceberg specification, "Reserved Field IDs").
 */
export const ROW_LINEAGE_FIELDS = [
  { name: '_row_id', id: 2147483540, type: 'long' },
  { name: '_last_updated_sequence_number', id: 2147483539, type: 'long' },
] as const;

/** `, "_row_id", …`: those columns, to follow others. */
export const rowLineageColumnsFragment = (): SqlFragment =>
  statementFragment(ROW_LINEAGE_FIELDS.map((field) => `, ${quoteIdentifier(field.name)}`).join(''));

/** The columns of rows that move to another file; `*` does not include the row ids of version 3. */
export const carriedColumnsFragment = (withRowIds: boolean): SqlFragment =>
  statementFragment(withRowIds ? '*, _row_id, _last_updated_sequence_number' : '*');

/** `null as "a", null as "b"`. */
export const noValuesFragment = (columns: readonly LayoutColumn[]): SqlFragment =>
  statementFragment(columns.map((column) => `null as ${quoteIdentifier(column.name)}`).join(', '));

/** Where the files go: one folder for each partition, with names that never collide, or one file. */
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

/** The fields that split files, with the types of their values. */
export const writtenValues = (partition: readonly LayoutPartition[]): PartitionValue[] =>
  partition.map(({ name, transform, column }) => ({
    name,
    transform,
    type: transform === 'identity' || transform === 'truncate' ? column.type : 'int',
  }));
