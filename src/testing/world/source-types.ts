/**
 * Finds the columns of a source: in the DDL in `tables/<ns>/<name>.sql`, else in the project's warehouse,
 * else from the process of the project that writes it. Project -> TableType by table. Reads only.
 */
import type { CreateTable } from '../../catalog/client/catalog-client.ts';
import { currentSchema } from '../../iceberg/event-time.ts';
import type { TableMetadata } from '../../iceberg/table-metadata.ts';
import type { FileColumns, FilesSpec } from '../../model/files-source.ts';
import { type TableIdentifier, tableKey, tableName } from '../../model/names.ts';
import type { ProcessSpec, ProjectSpec, SourceSpec } from '../../model/process-spec.ts';
import { producerOf } from '../../project/dependency-order.ts';
import { columnsUnknown, type DdlFile, ddlFileOf, readTableFile } from '../../project/table-files.ts';
import { tablesInWarehouse } from '../../workspace/tables-in-warehouse.ts';
import { testProblem } from '../problem.ts';

export type TableType =
  | { readonly kind: 'ddl'; readonly file: string; readonly text: string }
  | { readonly kind: 'table'; readonly create: CreateTable }
  | { readonly kind: 'query'; readonly producer: ProcessSpec }
  /** For a folder: the columns in its header, with DuckDB's names of types. */
  | { readonly kind: 'columns'; readonly columns: FileColumns };

/** By the key of the table. */
export type SourceTypes = ReadonlyMap<string, TableType>;

/** The DDL of a folder is that of a table in this namespace, named like its alias. */
const FOLDERS_NAMESPACE = 'files';
export const ddlTableOf = ({ alias }: Pick<SourceSpec, 'alias'>): TableIdentifier => ({
  namespace: [FOLDERS_NAMESPACE],
  name: alias,
});

/**
 * Finds the types of these tables, as far as they are known. The warehouse is opened only if it exists and
 * is needed.
 */
export async function readSourceTypes(
  project: ProjectSpec,
  tables: readonly TableIdentifier[],
): Promise<SourceTypes> {
  const types = new Map<string, TableType>();
  const wanted = new Map(tables.map((table) => [tableKey(table), table]));
  // To know what a producer writes, one has to know what it reads.
  for (const table of wanted.values()) {
    const folder = folderOf(project, table);
    const ddl = readTableFile(project.root, folder === undefined ? table : ddlTableOf(folder));
    if (folder?.files.columns !== undefined)
      types.set(tableKey(table), { kind: 'columns', columns: folder.files.columns });
    else if (ddl !== undefined) types.set(tableKey(table), { kind: 'ddl', ...readable(ddl) });
    else
      for (const source of producerOf(project, table)?.sources ?? [])
        if (!wanted.has(tableKey(source.table))) wanted.set(tableKey(source.table), source.table);
  }
  const missing = [...wanted.values()].filter(
    (table) => table.namespace.length > 0 && !types.has(tableKey(table)),
  );
  for (const [key, metadata] of await tablesInWarehouse(project, missing))
    types.set(key, { kind: 'table', create: sameTable(metadata) });
  for (const table of missing) {
    const producer = producerOf(project, table);
    if (!types.has(tableKey(table)) && producer !== undefined)
      types.set(tableKey(table), { kind: 'query', producer });
  }
  return types;
}

function readable({ file, text, wrong }: DdlFile): Pick<DdlFile, 'file' | 'text'> {
  if (wrong !== undefined) throw testProblem(file, wrong.place, wrong.message, wrong.hint);
  return { file, text };
}

/** The project's first source that is this folder; undefined for a table. */
const folderOf = ({ processes }: ProjectSpec, id: TableIdentifier) =>
  processes
    .flatMap(({ sources }) => sources)
    .filter((source): source is SourceSpec & { files: FilesSpec } => source.files !== undefined)
    .find(({ table }) => tableKey(table) === tableKey(id));

/** Columns and partitions of a table, for making a similar one elsewhere. */
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

/** The message for a table, or the folder of a source, about which nothing is known. */
export function typeUnknown(
  table: TableIdentifier,
  folder?: Pick<SourceSpec, 'alias'>,
): readonly [message: string, hint: string] {
  if (folder === undefined) return columnsUnknown(tableName(table), ddlFileOf(table));
  const ddl = ddlTableOf(folder);
  return [
    `the types of the columns of ${tableName(table)} are not known: its source has no columns:, and there is no ${ddlFileOf(ddl)}`,
    `write columns: { … } at the source, or into ${ddlFileOf(ddl)}: create table ${tableName(ddl)} (…)`,
  ];
}
