/**
 * Columns of a table that hide what DuckDB knows of a row's place. Metadata -> metadata. Pure.
 *
 * DuckDB names a row's file `filename`, and its number there `file_row_number`, in every table that has no
 * column of such a name. Iceberg's columns are known by their ids, so a view may call one otherwise.
 */
import { columnOf, currentSchema } from './event-time.ts';
import type { TableMetadata } from './table-metadata.ts';

const OF_FILES: ReadonlySet<string> = new Set(['filename', 'file_row_number']);

/** True where a row does not tell its file. */
export const hidesFiles = (metadata: TableMetadata): boolean =>
  columnOf(currentSchema(metadata), 'filename') !== undefined;

/** What a column is called in a table that {@link showingFiles} shows. */
export const besideFiles = (name: string): string =>
  OF_FILES.has(name.toLowerCase()) ? `psyberg_own_${name}` : name;

/** The table with every row's file and number to be seen. */
export const showingFiles = (metadata: TableMetadata): TableMetadata => ({
  ...metadata,
  schemas: metadata.schemas.map((schema) => ({
    ...schema,
    fields: schema.fields.map((field) => ({ ...field, name: besideFiles(field.name) })),
  })),
});
