/**
 * Makes the Parquet file of new rows of a state table without a statement. Rows -> bytes, or undefined if
 * DuckDB has to write them. DuckDB takes 7 ms of CPU to plan and write a file of one row, this takes 1.4
 * (2026-11-30), and every session writes three.
 */
import type { ParquetWriteOptions } from 'hyparquet-writer';
import { readSpelled } from '../iceberg/spelled-values.ts';
import type { NestedField } from '../iceberg/table-metadata.ts';
import type { StateRow } from './tables/state-table.ts';

/** Beyond, not measured. */
const ROWS_MAX = 1000;

type SchemaElement = NonNullable<ParquetWriteOptions['schema']>[number];
type StoredAs = Omit<SchemaElement, 'name'>;

/**
 * Apache Parquet's logical types, as Iceberg asks for them (Iceberg specification, "Appendix A: Parquet").
 */
export const STORED: Readonly<Record<string, StoredAs>> = {
  string: { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } },
  int: { type: 'INT32' },
  long: { type: 'INT64' },
  date: { type: 'INT32', converted_type: 'DATE', logical_type: { type: 'DATE' } },
  timestamptz: {
    type: 'INT64',
    converted_type: 'TIMESTAMP_MICROS',
    logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MICROS' },
  },
};

/** `fields`: of the table, those that the rows have. */
export async function stateFile(
  fields: readonly NestedField[],
  rows: readonly StateRow[],
): Promise<Buffer | undefined> {
  if (rows.length > ROWS_MAX || fields.some(({ type }) => STORED[`${type}`] === undefined)) return undefined;
  const columns = valuesOf(fields, rows);
  if (columns === undefined) return undefined;
  // Only a session that publishes needs it.
  const { parquetWriteBuffer } = await import('hyparquet-writer');
  const file = parquetWriteBuffer({
    schema: [
      { name: 'root', num_children: fields.length },
      ...fields.map(
        ({ id, name, type }): SchemaElement => ({
          ...(STORED[`${type}`] as StoredAs),
          name,
          field_id: id,
          repetition_type: 'OPTIONAL',
        }),
      ),
    ],
    columnData: fields.map(({ name }, index) => ({
      name,
      data: columns[index] as unknown[],
      offsetIndex: false,
    })),
    // A file is chosen by its partition, and holds few rows.
    statistics: false,
    createdBy: 'psyberg',
  });
  return Buffer.from(file);
}

/** The columns; undefined where a text is spelled as only DuckDB reads it. */
function valuesOf(fields: readonly NestedField[], rows: readonly StateRow[]): unknown[][] | undefined {
  try {
    return fields.map(({ name, type }) =>
      rows.map((row) => {
        const value = row[name] ?? null;
        return value === null ? null : readSpelled(`${type}`, spelled(`${type}`, String(value)));
      }),
    );
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** ISO 8601 in the way of SQL. */
const spelled = (type: string, text: string): string =>
  type === 'timestamptz' ? text.replace(/^(\d{4}-\d{2}-\d{2})T(.*)Z$/, '$1 $2+00') : text;
