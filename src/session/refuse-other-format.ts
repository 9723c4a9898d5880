/**
 * Refuses targets for which an engine would write files that no session can publish. Spec + metadata ->
 * nothing, or an error.
 */
import type { TableMetadata } from '../iceberg/table-metadata.ts';
import { engineOf } from '../model/engines.ts';
import { usageError } from '../model/errors.ts';
import { tableName } from '../model/names.ts';
import type { ProcessSpec } from '../model/process-spec.ts';

const FORMAT = 'write.format.default';

/**
 * Throws `target-not-writable`. Spark writes the format that the table names, and DuckDB, which audits and
 * composes what was written, reads only Parquet: the session would fail at its very end. DuckDB itself always
 * writes Parquet.
 */
export function refuseOtherFormat(spec: ProcessSpec, target: TableMetadata | undefined): void {
  if (engineOf(spec) === 'duckdb') return;
  const format = (target === undefined ? spec.target.properties : target.properties)?.[FORMAT];
  if (format === undefined || format.toLowerCase() === 'parquet') return;
  const table = tableName(spec.target.table);
  throw usageError(
    'target-not-writable',
    `the target ${table} of ${spec.processName} is written as ${format} (${FORMAT}), and what a session publishes is read by DuckDB, which reads Parquet alone`,
    {
      hint:
        target === undefined
          ? `take ${FORMAT} out of target.properties in ${spec.file}`
          : `have it written as Parquet: in Spark, alter table ${table} set tblproperties ('${FORMAT}' = 'parquet'); where it holds ${format} files, rewrite these first (rewrite_data_files with rewrite-all)`,
      context: { process_name: spec.processName, target: table, found: format, expected: 'parquet' },
    },
  );
}
