/**
 * Refuses equality deletes that DuckDB 1.5.5 would read wrongly, before anybody reads them. It takes `column
 * <> value` for "not deleted", so a row whose key is NULL vanishes with every delete of another key; if the
 * table has dropped a key column it reads another column; deletes of one partition take rows of others, and
 * 0.0 those with -0.0 (`keys-elsewhere.ts`); and keys are read from folders (`keys-read.ts`).
 */
import type { Engine } from '../../engine/index.ts';
import { currentSchema } from '../../iceberg/event-time.ts';
import type { NestedField, Snapshot, TableMetadata } from '../../iceberg/table-metadata.ts';
import { type PsybergError, refusal } from '../../model/errors.ts';
import { lastAnswers } from '../../model/last-answers.ts';
import { type TableIdentifier, tableName } from '../../model/names.ts';
import { fileSchemaFragment, identifierFragment, statement } from '../../statements/index.ts';
import { liveManifestsOf, ofDeletes } from '../read/manifest-list.ts';
import { reading } from '../read/reading.ts';
import type { TableByMetadata, TableWithManifests } from '../read/table-with-manifests.ts';
import { type DataFile, filesOlderThan, filesUnder, isGlobal, isUnpartitioned } from './files-under.ts';
import { fileHitByZero, fileHitElsewhere } from './keys-elsewhere.ts';
import { columnsWithValueAnyway, fileReadByFolder, fileWithoutKey } from './keys-read.ts';
import { fileBesideUncompared } from './partitions-compared.ts';
import { type DeleteFile, readDeleteFiles } from './row-delete-files.ts';

/** False if no manifest has to be looked at: the snapshot's summary says that it has no such deletes. */
export const mayHaveEqualityDeletes = ({ summary }: Snapshot): boolean =>
  (summary?.['total-equality-deletes'] ?? summary?.['total-delete-files']) !== '0';

/** Several rules ask this of one snapshot; files do not change. */
const readableBefore = lastAnswers<TableWithManifests, Snapshot, void>();

/**
 * Throws `equality-deletes-unreadable` when rows of the snapshot would be read wrongly because of its
 * equality deletes. `isShown`: whether DuckDB gets it as `asRead`, or else `metadata`, tells of it; false
 * where it gets views, and is asked of each ({@link comparesPartitions}) whether it compares partitions.
 */
export async function refuseUnreadable(
  source: TableWithManifests,
  snapshot: Snapshot,
  { isShown = true }: { readonly isShown?: boolean } = {},
): Promise<void> {
  if (!mayHaveEqualityDeletes(snapshot)) return;
  await readableBefore({ owner: source, subject: snapshot, question: String(isShown) }, () =>
    refuseDeletes(source, snapshot, isShown),
  );
}

async function refuseDeletes(
  source: TableWithManifests,
  snapshot: Snapshot,
  isShown: boolean,
): Promise<void> {
  const deletes = await liveEqualityDeletes(source, snapshot);
  if (deletes.length === 0) return;
  const keyed = { deletes, columns: keyColumns(source, snapshot, deletes), isShown };
  await refuseOtherTypes(source, snapshot, keyed);
  await refuseFolders(source, snapshot, keyed);
  await refuseOtherRows(source, snapshot, keyed);
  await refuseNulls(source, snapshot, keyed);
}

async function liveEqualityDeletes(source: TableWithManifests, snapshot: Snapshot): Promise<DeleteFile[]> {
  const manifests = ofDeletes(await source.manifestsOf(snapshot));
  return (await readDeleteFiles(source, snapshot, manifests)).filter(
    (each) => each.kind === 'equality' && each.status !== 'removed',
  );
}

interface Keyed {
  readonly deletes: readonly DeleteFile[];
  /** The key columns of all the deletes. */
  readonly columns: readonly NestedField[];
  readonly isShown: boolean;
}

/** Throws if data files have NULL in a key, or lack its column: DuckDB takes that for NULL, too. */
async function refuseNulls(
  source: TableWithManifests,
  snapshot: Snapshot,
  { deletes, columns }: Keyed,
): Promise<void> {
  const optional = columns.filter((column) => !column.required);
  const valued = columnsWithValueAnyway(source, columns);
  if (optional.length + valued.length === 0) return;
  const affected = await filesUnder({ source, head: snapshot }, deletes, snapshot['sequence-number'] ?? 0n);
  const certain = affected.find((file) => file.nullKeys !== undefined && file.nullKeys > 0n);
  if (certain !== undefined) throw unreadable(source, snapshot, holdsNulls(certain.path, columns));
  const files = affected.filter((file) => file.nullKeys === undefined).map((file) => file.path);
  if (files.length === 0) return;
  for (const column of valued) {
    const file = await fileWithoutKey(source, snapshot, { files, column });
    if (file !== undefined) throw unreadable(source, snapshot, lacksColumn(file, column));
  }
  for (const column of optional) {
    const schema = fileSchemaFragment([column]);
    const [row] =
      schema === undefined
        ? []
        : await reading(source, snapshot, () =>
            source.engine.query(
              statement('changes/null_keys', {
                column: identifierFragment(column.name),
                file_columns: schema,
              }),
              { files },
            ),
          );
    if (row !== undefined) throw unreadable(source, snapshot, holdsNulls(row.path, [column]));
  }
}

/** The same for the manifests that a view lists. */
export const refuseUnreadableView = (
  engine: Engine,
  { metadata, snapshot, table }: ViewToRead,
): Promise<void> =>
  refuseUnreadable(
    { engine, metadata, spec: { table }, manifestsOf: (of) => liveManifestsOf(engine, of) },
    snapshot,
  );

export interface ViewToRead {
  readonly metadata: TableMetadata;
  readonly snapshot: Snapshot;
  readonly table: TableIdentifier;
}

function keyColumns(
  source: TableByMetadata,
  snapshot: Snapshot,
  deletes: readonly DeleteFile[],
): NestedField[] {
  const { fields } = currentSchema(source.metadata);
  return [...new Set(deletes.flatMap((each) => each.equalityIds))].map((id) => {
    const column = fields.find((field) => field.id === id);
    if (column !== undefined) return column;
    const file = deletes.find((each) => each.equalityIds.includes(id))?.path ?? '';
    throw unreadable(source, snapshot, {
      file,
      because: `by a column (field id ${id}) that the table no longer has`,
    });
  });
}

/** How Parquet stores the types to which Iceberg lets a column be widened, as far as it matters to DuckDB. */
const STORED: Readonly<Record<string, string>> = {
  long: 'INT64',
  double: 'DOUBLE',
  timestamp: 'INT64',
  timestamp_ns: 'INT64',
};

/**
 * A delete file written before its column was widened holds the narrow type: DuckDB compares that with the
 * wide one, and from then on its whole database is invalid.
 */
async function refuseOtherTypes(
  source: TableWithManifests,
  snapshot: Snapshot,
  { deletes, columns }: Keyed,
): Promise<void> {
  const widened = columns.filter((column) =>
    source.metadata.schemas.some((schema) =>
      schema.fields.some((field) => field.id === column.id && field.type !== column.type),
    ),
  );
  for (const column of widened) {
    const files = deletes.filter((each) => each.equalityIds.includes(column.id)).map((each) => each.path);
    const [row] = await reading(source, snapshot, () =>
      source.engine.query(statement('changes/stored_otherwise'), {
        files,
        field_id: column.id,
        stored_type: STORED[String(column.type)] ?? String(column.type).replaceAll(' ', '').toUpperCase(),
      }),
    );
    if (row === undefined) continue;
    throw unreadable(source, snapshot, {
      file: row.path,
      because: `by ${column.name}, and ${row.path} was written before that column was widened to ${String(column.type)}: DuckDB cannot compare them`,
    });
  }
}

/** Throws if DuckDB would read a key from the name of a folder, and that is not the key in the file. */
async function refuseFolders(
  source: TableWithManifests,
  snapshot: Snapshot,
  { deletes, columns }: Keyed,
): Promise<void> {
  for (const column of columns) {
    const file = await fileReadByFolder(source, snapshot, { deletes, column });
    if (file === undefined) continue;
    throw unreadable(source, snapshot, {
      file,
      because: `by ${column.name}, and DuckDB would read its values from the name of a folder of ${file}, where they are other ones or of another type`,
    });
  }
}

/** Throws if a delete would take rows that Iceberg keeps: of another partition, or with the other zero. */
async function refuseOtherRows(source: TableWithManifests, snapshot: Snapshot, keyed: Keyed): Promise<void> {
  const scoped = keyed.deletes.filter((each) => !isGlobal(each, source));
  if (scoped.length > 0) await refuseOtherPartitions(source, snapshot, { ...keyed, scoped });
  const file = await fileHitByZero(source, snapshot, keyed);
  if (file !== undefined)
    throw unreadable(source, snapshot, {
      file,
      because: `by equal values, 0.0 or -0.0 among them, and ${file} holds a row with the other zero: Iceberg keeps it, and DuckDB would drop it, too`,
    });
}

/** Whether DuckDB compares the partitions of a snapshot, where it is told of all fields of the table. */
export async function comparesPartitions(source: TableWithManifests, snapshot: Snapshot): Promise<boolean> {
  if (!mayHaveEqualityDeletes(snapshot) || source.metadata['partition-specs'].every(isUnpartitioned))
    return true;
  const deletes = await liveEqualityDeletes(source, snapshot);
  const scoped = deletes.filter((each) => !isGlobal(each, source));
  if (scoped.length === 0) return true;
  const older = await filesOlderThan(source, snapshot, scoped);
  return (await uncomparedFile(source, snapshot, { scoped, older })) === undefined;
}

/** `scoped`: deletes of single partitions. */
const uncomparedFile = async (
  source: TableWithManifests,
  snapshot: Snapshot,
  { scoped, older }: { readonly scoped: readonly DeleteFile[]; readonly older: readonly DataFile[] },
): Promise<string | undefined> =>
  fileBesideUncompared(source.asRead ?? source.metadata, {
    deletes: scoped,
    files: older,
    manifests: await source.manifestsOf(snapshot),
  });

async function refuseOtherPartitions(
  source: TableWithManifests,
  snapshot: Snapshot,
  { scoped, ...keyed }: Keyed & { readonly scoped: readonly DeleteFile[] },
): Promise<void> {
  const older = await filesOlderThan(source, snapshot, keyed.deletes);
  const uncompared = keyed.isShown ? await uncomparedFile(source, snapshot, { scoped, older }) : undefined;
  if (uncompared !== undefined)
    throw unreadable(source, snapshot, {
      file: uncompared,
      because: `of single partitions by equal values, and DuckDB cannot compare the partition of one of them with that of ${uncompared}: a value of one is NULL, or there are several partition specs`,
    });
  const elsewhere = await fileHitElsewhere(source, snapshot, { ...keyed, older });
  if (elsewhere === undefined) return;
  throw unreadable(source, snapshot, {
    file: elsewhere,
    because: `of single partitions by equal values, and ${elsewhere}, of another partition or spec, holds a row with such values: DuckDB would drop it, too`,
  });
}

/** `file`: a data file or a delete file. `because`: how rows are deleted, and what goes wrong. */
function unreadable(
  source: TableByMetadata,
  snapshot: Snapshot,
  { file, because }: { readonly file: string; readonly because: string },
): PsybergError {
  const name = tableName(source.spec.table);
  return refusal(
    'equality-deletes-unreadable',
    `snapshot ${snapshot['snapshot-id']} of ${name} deletes rows ${because}`,
    {
      hint: `compact ${name} with its own writer, which applies the deletes, and run again; nothing was moved`,
      context: { table: name, snapshot_id: String(snapshot['snapshot-id']), file },
    },
  );
}

const holdsNulls = (file: string, columns: readonly NestedField[]) => ({
  file,
  because: `by equal values of ${columns.map((column) => column.name).join(', ')}, and ${file} holds NULLs there: DuckDB would drop those rows, too`,
});

const lacksColumn = (file: string, { name }: NestedField) => ({
  file,
  because: `by equal values of ${name}, which ${file} has not, since it was added later or is the file's partition: DuckDB would take it for NULL there, and keep rows that are deleted`,
});
