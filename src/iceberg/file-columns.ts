/**
 * Renames columns of a table that hide what DuckDB tells of a row's place. Metadata -> metadata. Pure.
 *
 * DuckDB names a row's file `filename`, and its number there `file_row_number`, in every table without a
 * column of that name. Iceberg knows columns by their ids, so a view may give such a column another name.
 */
import { columnOf, currentSchema } from './event-time.ts';
import type { TableMetadata } from './table-metadata.ts';

const OF_FILES: ReadonlySet<string> = new Set(['filename', 'file_row_number']);

/** True if a column hides which file a row is in. */
export const hidesFiles = (metadata: TableMetadata): boolean =>
  columnOf(currentSchema(metadata), 'filename') !== undefined;

/** The name that a column has in a table that {@link showingFiles} returns. */
export const besideFiles = (name: string): string =>
  OF_FILES.has(name.toLowerCase()) ? `psyberg_own_${name}` : name;

/** The table with its own columns renamed, so that every row's file and number can be read. */
export const showingFiles = (metadata: TableMetadata): TableMetadata => ({
  ...metadata,
  schemas: metadata.schemas.map((schema) => ({
    ...schema,
    fields: schema.fields.map((field) => ({ ...field, name: besideFiles(field.name) })),
  })),
});
