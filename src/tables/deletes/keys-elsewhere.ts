/**
 * Equality deletes of a partition. To Iceberg they apply to its files alone (specification, "Scan Planning"),
 * DuckDB 1.5.5 applies them to the files of all partitions. Delete files -> a data file of which it would
 * drop a row, or undefined. No file is opened where the key says the partition: none of another one has it.
 */
import type { NestedField, PartitionSpec, Snapshot } from '../../iceberg/table-metadata.ts';
import { fileSchemaFragment, statement, statementFragment } from '../../statements/index.ts';
import { reading } from '../read/reading.ts';
import type { TableByMetadata, TableWithManifests } from '../read/table-with-manifests.ts';
import { type DataFile, filesBefore, isGlobal } from './files-under.ts';
import type { DeleteFile } from './row-delete-files.ts';

/** The path of such a data file. `columns`: the key columns of all delete files. */
export async function fileHitElsewhere(
  source: TableWithManifests,
  snapshot: Snapshot,
  { deletes, columns }: { readonly deletes: readonly DeleteFile[]; readonly columns: readonly NestedField[] },
): Promise<string | undefined> {
  const scoped = deletes.filter((each) => !isGlobal(each, source));
  if (scoped.length === 0) return undefined;
  const older = await filesBefore({ source, head: snapshot }, deletes, {
    newest: snapshot['sequence-number'] ?? 0n,
    isAsked: () => true,
  });
  const byKey = Map.groupBy(deletes, (each) => [...each.equalityIds].sort((a, b) => a - b).join());
  for (const ofKey of byKey.values()) {
    const ids = new Set(ofKey[0]?.equalityIds);
    const doubtful = doubtfulFiles(source, { deletes: ofKey, files: older, ids });
    if (doubtful.length === 0) continue;
    const keys = columns.filter((column) => ids.has(column.id));
    const found = await rowHitElsewhere(source, snapshot, { deletes: ofKey, files: doubtful, keys });
    if (found !== undefined) return found;
  }
  return undefined;
}

interface OfOneKey {
  readonly deletes: readonly DeleteFile[];
  readonly files: readonly DataFile[];
}

const placeOf = (source: TableByMetadata, file: DeleteFile): string =>
  isGlobal(file, source) ? '' : `${file.specId} ${JSON.stringify(file.partition)}`;
const placeOfData = (file: DataFile): string => `${file.specId} ${file.partition}`;

/**
 * Data files with a newer delete of another partition, but where both are of one spec and its partitions are
 * told by the key.
 */
function doubtfulFiles(
  source: TableByMetadata,
  { deletes, files, ids }: OfOneKey & { readonly ids: ReadonlySet<number> },
): DataFile[] {
  const isTold = (spec: PartitionSpec | undefined): boolean =>
    spec?.fields.every((field) => field.transform === 'void' || ids.has(field['source-id'])) === true;
  const told = new Set(source.metadata['partition-specs'].filter(isTold).map((spec) => spec['spec-id']));
  const newest = [
    ...Map.groupBy(
      deletes.filter((each) => !isGlobal(each, source)),
      (each) => each.specId,
    ),
  ].map(([specId, ofSpec]) => ({ specId, byPlace: newestByPlace(source, ofSpec) }));
  return files.filter((file) =>
    newest.some(
      ({ specId, byPlace }) =>
        !(specId === file.specId && told.has(specId)) &&
        byPlace.some(([place, number]) => number > file.sequenceNumber && place !== placeOfData(file)),
    ),
  );
}

/** The two partitions with the newest deletes: of one of them a file is not. */
function newestByPlace(
  source: TableByMetadata,
  deletes: readonly DeleteFile[],
): (readonly [string, bigint])[] {
  const byPlace = new Map<string, bigint>();
  for (const each of deletes) {
    const place = placeOf(source, each);
    const known = byPlace.get(place) ?? -1n;
    byPlace.set(place, each.sequenceNumber > known ? each.sequenceNumber : known);
  }
  return [...byPlace].sort(([, left], [, right]) => (left < right ? 1 : left > right ? -1 : 0)).slice(0, 2);
}

async function rowHitElsewhere(
  source: TableWithManifests,
  snapshot: Snapshot,
  { deletes, files, keys }: OfOneKey & { readonly keys: readonly NestedField[] },
): Promise<string | undefined> {
  // Under names of their own: a file is read by field ids, whatever its columns are called.
  const named = keys.map((column, index) => ({ ...column, name: `key_${index + 1}` }));
  const schema = fileSchemaFragment(named);
  if (schema === undefined) return files[0]?.path;
  const [row] = await reading(source, snapshot, () =>
    source.engine.query(
      statement('tables/keys_elsewhere', {
        keys: statementFragment(named.map(({ name }) => name).join(', ')),
        file_columns: schema,
      }),
      {
        delete_paths: deletes.map((each) => each.path),
        delete_places: deletes.map((each) => placeOf(source, each)),
        delete_numbers: deletes.map((each) => each.sequenceNumber),
        data_paths: files.map((file) => file.path),
        data_places: files.map(placeOfData),
        data_numbers: files.map((file) => file.sequenceNumber),
      },
    ),
  );
  return row?.path;
}
