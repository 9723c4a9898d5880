/**
 * Where the columns of a source come from: the DDL in `tables/<ns>/<name>.sql`, else the project's warehouse,
 * else the process of the project that writes it. Project -> TableType by table. Reads only.
 */
import fs from 'node:fs';
import path from 'node:path';
import type { CreateTable } from '../../catalog/client/catalog-client.ts';
import { currentSchema } from '../../iceberg/event-time.ts';
import type { TableMetadata } from '../../iceberg/table-metadata.ts';
import { type TableIdentifier, tableKey, tableName } from '../../model/names.ts';
import type { ProcessSpec, ProjectSpec } from '../../model/process-spec.ts';
import { producerOf } from '../../project/dependency-order.ts';
import { relativeFile } from '../../project/relative-file.ts';
import { openWorkspace } from '../../workspace/open-workspace.ts';

export const TABLES_FOLDER = 'tables';

export type TableType =
  | { readonly kind: 'ddl'; readonly file: string; readonly text: string }
  | { readonly kind: 'table'; readonly create: CreateTable }
  | { readonly kind: 'query'; readonly producer: ProcessSpec };

/** By the key of the table. */
export type SourceTypes = ReadonlyMap<string, TableType>;

/** Where the DDL of a table is looked for, as messages show it. */
export const ddlFileOf = ({ namespace, name }: TableIdentifier): string =>
  [TABLES_FOLDER, ...namespace, `${name}.sql`].join('/');

/**
 * The types of these tables, as far as they are known. The warehouse is opened only if it exists, and is
 * needed.
 */
export async function readSourceTypes(
  project: ProjectSpec,
  tables: readonly TableIdentifier[],
): Promise<SourceTypes> {
  const types = new Map<string, TableType>();
  const wanted = new Map(tables.map((table) => [tableKey(table), table]));
  // What a producer reads is needed to know what it writes.
  for (const table of wanted.values()) {
    const ddl = readDdl(project, table);
    if (ddl !== undefined) types.set(tableKey(table), ddl);
    else
      for (const source of producerOf(project, table)?.sources ?? [])
        if (!wanted.has(tableKey(source.table))) wanted.set(tableKey(source.table), source.table);
  }
  const missing = [...wanted.values()].filter((table) => !types.has(tableKey(table)));
  for (const [key, type] of await typesInWarehouse(project, missing)) types.set(key, type);
  for (const table of missing) {
    const producer = producerOf(project, table);
    if (!types.has(tableKey(table)) && producer !== undefined)
      types.set(tableKey(table), { kind: 'query', producer });
  }
  return types;
}

function readDdl(project: ProjectSpec, table: TableIdentifier): TableType | undefined {
  const file = path.join(project.root, ddlFileOf(table));
  if (!fs.existsSync(file)) return undefined;
  return { kind: 'ddl', file: relativeFile(project.root, file), text: fs.readFileSync(file, 'utf8') };
}

async function typesInWarehouse(
  project: ProjectSpec,
  tables: readonly TableIdentifier[],
): Promise<(readonly [string, TableType])[]> {
  const { catalog } = project;
  // Opening it would make the warehouse.
  const exists = catalog.kind !== 'embedded' || fs.existsSync(path.join(catalog.warehouse, 'catalog.db'));
  if (tables.length === 0 || !exists) return [];
  const workspace = await openWorkspace(project);
  try {
    const found: (readonly [string, TableType])[] = [];
    for (const table of tables) {
      const loaded = await workspace.client.loadTable(table);
      if (loaded !== undefined)
        found.push([tableKey(table), { kind: 'table', create: sameTable(loaded.metadata) }]);
    }
    return found;
  } finally {
    await workspace.close();
  }
}

/** Columns and partitions of a table, for one of its kind elsewhere. */
function sameTable(metadata: TableMetadata): CreateTable {
  const { fields } = currentSchema(metadata);
  const spec = metadata['partition-specs']?.find((each) => each['spec-id'] === metadata['default-spec-id']);
  const known = new Set(fields.map((field) => field.id));
  const partitions = (spec?.fields ?? []).filter((field) => known.has(field['source-id']));
  return {
    schema: { type: 'struct', fields } as unknown as CreateTable['schema'],
    ...(partitions.length === 0
      ? {}
      : {
          partitionSpec: {
            fields: partitions.map((field) => ({
              'source-id': field['source-id'],
              name: field.name,
              transform: field.transform,
            })),
          } as unknown as NonNullable<CreateTable['partitionSpec']>,
        }),
    properties: { 'format-version': String(metadata['format-version']) },
  };
}

/** A message for a table of which nothing is known. */
export const typeUnknown = (table: TableIdentifier): readonly [message: string, hint: string] => [
  `the columns of ${tableName(table)} are not known: there is no ${ddlFileOf(table)}, and no such table in the warehouse`,
  `write its DDL into ${ddlFileOf(table)}: create table ${tableName(table)} (…)`,
];
