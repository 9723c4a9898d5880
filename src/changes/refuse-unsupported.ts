/**
 * Refuses sources that DuckDB cannot read, before anything is planned, and says what and where. Metadata or
 * files -> nothing, or `source-unsupported`.
 */
import { currentSchema } from '../iceberg/event-time.ts';
import { FORMAT_VERSION_MAX } from '../iceberg/read-metadata.ts';
import { listFields } from '../iceberg/schema-fields.ts';
import type { TableMetadata } from '../iceberg/table-metadata.ts';
import { type PsybergError, usageError } from '../model/errors.ts';

const unsupported = (
  message: string,
  hint: string,
  context: Readonly<Record<string, unknown>>,
): PsybergError => usageError('source-unsupported', message, { hint: `${hint}; nothing was moved`, context });

/** Types of version 3 that make DuckDB 1.5.5 refuse the whole table, whatever a query reads of it. */
const UNREAD_TYPES = /^(?:unknown|timestamptz_ns|geography(?:\(.*\))?)$/;

/**
 * Throws for a table of a newer format version, for columns of a type that DuckDB does not know, and for such
 * whose names it takes for one.
 */
export function refuseUnsupported(table: string, metadata: TableMetadata): void {
  const version = metadata['format-version'];
  if (version > FORMAT_VERSION_MAX)
    throw unsupported(
      `the source ${table} is of Iceberg format version ${version}; versions 1 to ${FORMAT_VERSION_MAX} can be read`,
      `keep ${table} in format version ${FORMAT_VERSION_MAX}`,
      { table, found: version, expected: FORMAT_VERSION_MAX },
    );
  const unread = listFields(currentSchema(metadata).fields).find(
    ({ type }) => typeof type === 'string' && UNREAD_TYPES.test(type),
  );
  if (unread !== undefined)
    throw unsupported(
      `the source ${table} has the column ${unread.path} of the type ${unread.type}, and DuckDB reads no table with a column of that type`,
      `drop ${unread.path}, or give the table a column of another type in its place, with the engine that made it`,
      { table, column: unread.path, found: unread.type },
    );
  const seen = new Map<string, string>();
  for (const { name } of currentSchema(metadata).fields) {
    const other = seen.get(name.toLowerCase());
    if (other !== undefined)
      throw unsupported(
        `the source ${table} has the columns ${other} and ${name}: their names differ by case alone, and DuckDB, which compares names without case, cannot read such a table`,
        `rename one of them with the engine that made the table (Spark: alter table ${table} rename column ${name} to ${name}_2)`,
        { table, columns: [other, name] },
      );
    seen.set(name.toLowerCase(), name);
  }
}

/** Throws for a data file that is not Parquet. */
export function refuseOtherFormats(
  table: string,
  files: readonly { readonly path: string; readonly file_format: string }[],
): void {
  const strange = files.find((file) => file.file_format.toLowerCase() !== 'parquet');
  if (strange !== undefined)
    throw unsupported(
      `the source ${table} holds data files of the format ${strange.file_format}, and DuckDB reads Parquet alone: ${strange.path}`,
      `rewrite its files as Parquet (table property write.format.default=parquet, then rewrite_data_files with rewrite-all in Spark)`,
      { table, file: strange.path, found: strange.file_format, expected: 'PARQUET' },
    );
}
