/**
 * Adds columns to a state table that an earlier release made. Table -> metadata with all columns, or an error
 * for a table that psyberg did not make.
 */
import type { CatalogClient } from '../catalog/client/catalog-client.ts';
import { currentSchema } from '../iceberg/event-time.ts';
import type { TableMetadata } from '../iceberg/table-metadata.ts';
import { PsybergError, usageError } from '../model/errors.ts';
import { type TableIdentifier, tableName } from '../model/names.ts';
import type { StateColumn, StateTable } from './tables/state-table.ts';

/** Tries while others widen the same table. */
const ATTEMPTS = 5;

/** Throws `state-table-columns`, and what the catalog answers. */
export async function withColumns(
  catalog: CatalogClient,
  found: TableMetadata,
  table: TableIdentifier,
  definition: StateTable,
): Promise<TableMetadata> {
  let metadata = found;
  for (let attempt = 1; ; attempt += 1) {
    const missing = missingColumns(metadata, definition);
    if (missing.length === 0) return metadata;
    refuseStrange(missing, table, definition);
    try {
      return await widened(catalog, metadata, table, missing);
    } catch (error) {
      const isLost = error instanceof PsybergError && error.code === 'commit-conflict';
      const raced = isLost && attempt < ATTEMPTS ? await catalog.loadTable(table) : undefined;
      if (raced === undefined) throw error;
      metadata = raced.metadata;
    }
  }
}

const hasColumn = (metadata: TableMetadata, name: string): boolean =>
  currentSchema(metadata).fields.some((field) => field.name === name);

const missingColumns = (metadata: TableMetadata, { columns }: StateTable): StateColumn[] =>
  columns.filter(({ name }) => !hasColumn(metadata, name));

/** The new columns are the table's own at once: no row has a value of them, and who reads it sees NULL. */
async function widened(
  catalog: CatalogClient,
  metadata: TableMetadata,
  table: TableIdentifier,
  missing: readonly StateColumn[],
): Promise<TableMetadata> {
  const { 'schema-id': from, ...schema } = currentSchema(metadata);
  const last = metadata['last-column-id'];
  const added = missing.map(({ name, type }, index) => ({
    id: last + 1 + index,
    name,
    required: false,
    type,
  }));
  const committed = await catalog.commitTable(table, {
    requirements: [
      { type: 'assert-table-uuid', uuid: metadata['table-uuid'] },
      { type: 'assert-current-schema-id', 'current-schema-id': from },
      // Two sessions that add columns at once would give different ones the same id.
      { type: 'assert-last-assigned-field-id', 'last-assigned-field-id': last },
    ],
    updates: [
      { action: 'add-schema', schema: { ...schema, fields: [...schema.fields, ...added] } },
      { action: 'set-current-schema', 'schema-id': -1 },
    ],
  });
  return committed.metadata;
}

function refuseStrange(missing: readonly StateColumn[], table: TableIdentifier, { added }: StateTable): void {
  const strange = missing.filter(({ name }) => !added.has(name)).map(({ name }) => name);
  if (strange.length === 0) return;
  throw usageError(
    'state-table-columns',
    `the table ${tableName(table)} lacks the columns ${strange.join(', ')}: it was not made by this engine, or by an older one`,
    {
      hint: `name another table in psyberg.yaml, or add them: alter table ${tableName(table)} add column ${strange[0]} …`,
    },
  );
}
