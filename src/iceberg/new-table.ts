/** Makes a new table from a create request. Request -> metadata without snapshots. Pure. */
import { usageError } from '../model/errors.ts';
import { assignFreshIds, checkSchema, listFields, shortPathOf } from './schema-fields.ts';
import type { TableMetadata } from './table-metadata.ts';
import type { ProposedSchema, ProposedSortOrder, TableUpdate, UnboundPartitionSpec } from './table-update.ts';
import { applyUpdates } from './updates.ts';

export interface NewTable {
  readonly schema: ProposedSchema;
  readonly partitionSpec?: UnboundPartitionSpec | undefined;
  readonly sortOrder?: ProposedSortOrder | undefined;
  readonly properties?: Readonly<Record<string, string>> | undefined;
  readonly location: string;
  readonly uuid: string;
}

/**
 * Properties that steer the creation of a table and are not stored with it (Apache Iceberg,
 * `TableProperties.RESERVED_PROPERTIES`).
 */
const RESERVED_PROPERTIES = new Set([
  'format-version',
  'uuid',
  'snapshot-count',
  'current-snapshot-id',
  'current-snapshot-summary',
  'current-snapshot-timestamp-ms',
  'current-schema',
  'default-partition-spec',
  'default-sort-order',
]);

/**
 * Makes the metadata of a new table: fresh column ids, spec and sort order rebuilt on them, version 2 unless
 * `format-version` says otherwise.
 * @throws PsybergError `invalid-table-update`.
 */
export function newTableMetadata(table: NewTable, nowMs: number): TableMetadata {
  const properties = table.properties ?? {};
  const formatVersion = Number(properties['format-version'] ?? 2);
  checkSchema(table.schema, formatVersion);
  checkProperties(properties, table.schema);
  const { schema, newIds } = assignFreshIds(table.schema);
  const known = new Set(listFields(table.schema.fields).map((field) => field.id));
  const freshId = (sourceId: number, what: string): number => {
    if (!known.has(sourceId))
      throw usageError('invalid-table-update', `Cannot find source column for ${what}: ${sourceId}`);
    return newIds.get(sourceId) as number;
  };
  const updates: TableUpdate[] = [
    { action: 'upgrade-format-version', 'format-version': formatVersion },
    { action: 'assign-uuid', uuid: table.uuid },
    { action: 'set-location', location: table.location },
    { action: 'add-schema', schema },
    { action: 'set-current-schema', 'schema-id': -1 },
    {
      action: 'add-spec',
      spec: {
        fields: (table.partitionSpec?.fields ?? []).map((field, position) => ({
          ...field,
          'source-id': freshId(field['source-id'], 'partition field'),
          'field-id': 1000 + position,
        })),
      },
    },
    { action: 'set-default-spec', 'spec-id': -1 },
    {
      action: 'add-sort-order',
      'sort-order': {
        fields: (table.sortOrder?.fields ?? []).map((field) => ({
          ...field,
          'source-id': freshId(field['source-id'], 'sort field'),
        })),
      },
    },
    { action: 'set-default-sort-order', 'sort-order-id': -1 },
    {
      action: 'set-properties',
      // As in Apache Iceberg 1.4 and later, new tables are compressed with zstd unless a property says
      // otherwise.
      updates: {
        'write.parquet.compression-codec': 'zstd',
        ...Object.fromEntries(Object.entries(properties).filter(([name]) => !RESERVED_PROPERTIES.has(name))),
      },
    },
  ];
  return applyUpdates(undefined, updates, nowMs);
}

const METRICS_OF_COLUMN = 'write.metadata.metrics.column.';
const COMMIT_LIMITS = [
  'commit.retry.num-retries',
  'commit.retry.min-wait-ms',
  'commit.retry.max-wait-ms',
  'commit.retry.total-timeout-ms',
];

/**
 * Refuses properties that every later writer would stumble over. Only for new tables: an existing one must
 * stay usable.
 */
function checkProperties(properties: Readonly<Record<string, string>>, schema: ProposedSchema): void {
  const columns = new Set(listFields(schema.fields).flatMap((field) => [field.path, shortPathOf(field)]));
  for (const name of Object.keys(properties)) {
    if (!name.startsWith(METRICS_OF_COLUMN) || columns.has(name.slice(METRICS_OF_COLUMN.length))) continue;
    throw usageError(
      'invalid-table-update',
      `Invalid metrics config, could not find column ${name.slice(METRICS_OF_COLUMN.length)} from table prop ${name} in schema`,
    );
  }
  for (const name of COMMIT_LIMITS) {
    const value = properties[name];
    if (value !== undefined && !/^\+?\d{1,9}$/.test(value))
      throw usageError('invalid-table-update', `Table property ${name} must have non negative integer value`);
  }
}
