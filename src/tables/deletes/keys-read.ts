/**
 * Finds keys of equality deletes that DuckDB 1.5.5 reads otherwise than files hold them: from the names of
 * folders, and as NULL from data files without the column. Delete files -> the path of such a file, or
 * undefined.
 */
import type { NestedField, Snapshot } from '../../iceberg/table-metadata.ts';
import { fileSchemaFragment, statement, statementFragment } from '../../statements/index.ts';
import { reading } from '../read/reading.ts';
import type { TableByMetadata, TableWithManifests } from '../read/table-with-manifests.ts';
import type { DeleteFile } from './row-delete-files.ts';

/**
 * A delete file in a folder that engines name after a partition (`k=7`): DuckDB then takes the key from the
 * folder's name. From `k=a+b` it gets another key, from a number one of another type.
 */
export async function fileReadByFolder(
  source: TableWithManifests,
  snapshot: Snapshot,
  { deletes, column }: { readonly deletes: readonly DeleteFile[]; readonly column: NestedField },
): Promise<string | undefined> {
  const names = namesOf(source, column);
  const files = deletes
    .filter((each) => each.equalityIds.includes(column.id) && isInFolderOf(each.path, names))
    .map((each) => each.path);
  if (files.length === 0) return undefined;
  const schema = fileSchemaFragment([{ ...column, name: 'key' }]);
  if (schema === undefined) return files[0];
  const [row] = await reading(source, snapshot, () =>
    source.engine.query(
      statement('tables/keys_in_folders', { key: statementFragment('key'), file_columns: schema }),
      { files, field_id: column.id },
    ),
  );
  return row?.path;
}

/** A file may use any name that its column ever had. */
const namesOf = (source: TableByMetadata, { id, name }: NestedField): ReadonlySet<string> =>
  new Set(
    source.metadata.schemas
      .flatMap((schema) => schema.fields.filter((field) => field.id === id))
      .concat({ name } as NestedField)
      .map((field) => field.name.toLowerCase()),
  );

function isInFolderOf(path: string, names: ReadonlySet<string>): boolean {
  return path
    .split('/')
    .slice(0, -1)
    .some((folder) => {
      const [name = '', ...values] = folder.toLowerCase().split('=');
      return values.length === 1 && (names.has(name) || name.includes('%'));
    });
}

/**
 * Columns that are not NULL in files that lack them: they have a default, or the value of the file's
 * partition.
 */
export function columnsWithValueAnyway(
  { metadata }: Pick<TableByMetadata, 'metadata'>,
  columns: readonly NestedField[],
): NestedField[] {
  const partitions = new Set(
    metadata['partition-specs'].flatMap((spec) =>
      spec.fields.filter((field) => field.transform === 'identity').map((field) => field['source-id']),
    ),
  );
  return columns.filter(
    (column) => (column['initial-default'] ?? null) !== null || partitions.has(column.id),
  );
}

/**
 * One of the data files that lacks a key column: DuckDB deletes as if it held NULL there, whatever it shows.
 */
export async function fileWithoutKey(
  source: TableWithManifests,
  snapshot: Snapshot,
  { files, column }: { readonly files: readonly string[]; readonly column: NestedField },
): Promise<string | undefined> {
  if (files.length === 0) return undefined;
  const [row] = await reading(source, snapshot, () =>
    source.engine.query(statement('changes/files_without_field'), { files, field_id: column.id }),
  );
  return row?.path;
}
