/** Creates a target from the columns of its query, as Spark describes them. Columns -> table without rows. */
import type { CatalogClient } from '../../catalog/client/catalog-client.ts';
import { TARGET_PROPERTIES } from '../../compile/index.ts';
import { appendColumns } from '../../iceberg/append-columns.ts';
import type { Schema } from '../../iceberg/table-metadata.ts';
import type { UnboundPartitionSpec } from '../../iceberg/table-update.ts';
import type { QueryColumn } from '../../model/column-type.ts';
import { usageError } from '../../model/errors.ts';
import type { PartitionBySpec, ProcessSpec } from '../../model/process-spec.ts';

const NO_COLUMNS: Schema = { type: 'struct', 'schema-id': 0, fields: [] };

/** Throws `column-type-unsupported` and `table-exists`. */
export async function createFromColumns(
  catalog: Pick<CatalogClient, 'createTable'>,
  { target }: ProcessSpec,
  columns: readonly QueryColumn[],
): Promise<void> {
  const properties = { ...TARGET_PROPERTIES, ...target.properties };
  const schema = appendColumns(NO_COLUMNS, columns, {
    'last-column-id': 0,
    'format-version': Number(properties['format-version']),
  });
  await catalog.createTable(target.table, {
    schema,
    partitionSpec: partitionSpecOf(target.partitionBy, schema),
    properties,
  });
}

/** Names of fields as Apache Iceberg gives them: `ts_hour`, `id_bucket`; of an identity the column's own. */
function partitionSpecOf(partitionBy: readonly PartitionBySpec[], schema: Schema): UnboundPartitionSpec {
  return {
    fields: partitionBy.map(({ transform, column, argument }) => {
      const field = schema.fields.find(({ name }) => name.toLowerCase() === column.toLowerCase());
      if (field === undefined)
        throw usageError(
          'process-sql-failed',
          `partition_by names the column ${column}, which the query does not return`,
          {
            hint: 'return it, or correct partition_by',
          },
        );
      return {
        'source-id': field.id,
        name: transform === 'identity' ? field.name : `${field.name}_${SUFFIX[transform] ?? transform}`,
        transform: argument === undefined ? transform : `${transform}[${argument}]`,
      };
    }),
  };
}

const SUFFIX: Readonly<Record<string, string>> = { truncate: 'trunc' };
