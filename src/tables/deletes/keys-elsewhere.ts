/**
 * Finds equality deletes that take more rows in DuckDB 1.5.5 than in Iceberg. Those of a partition apply only
 * to its files (specification, "Scan Planning"), but DuckDB applies them to the files of all partitions; 0.0
 * and -0.0 are two keys (Java compares floats by `Float.compare`), but one to DuckDB. Delete files -> a data
 * file of which it would drop a row, or undefined. No file is opened if the key determines the partition:
 * then no other partition has it.
 */
import type { NestedField, PartitionSpec, Snapshot } from '../../iceberg/table-metadata.ts';
import { hasNan } from '../../iceberg/trusted-transforms.ts';
import {
  fileSchemaFragment,
  identifierListFragment,
  type SqlFragment,
  statement,
} from '../../statements/index.ts';
import { reading } from '../read/reading.ts';
import type { TableByMetadata, TableWithManifests } from '../read/table-with-manifests.ts';
import { type DataFile, filesOlderThan, isGlobal, partitionKeyOf, scopeOf } from './files-under.ts';
import type { DeleteFile } from './row-delete-files.ts';

/** The path of such a data file in another partition. `columns`: the key columns of all delete files. */
export async function fileHitElsewhere(
  source: TableWithManifests,
  snapshot: Snapshot,
  {
    deletes,
    columns,
    older,
  }: {
    readonly deletes: readonly DeleteFile[];
    readonly columns: readonly NestedField[];
    /** Data files that are older than one of the deletes. */
    readonly older: readonly DataFile[];
  },
): Promise<string | undefined> {
  for (const { ids, ofKey, keys } of byKey(deletes, columns)) {
    const doubtful = doubtfulFiles(source, { deletes: ofKey, files: older, ids });
    if (doubtful.length === 0) continue;
    const found = await rowHit(source, snapshot, { deletes: ofKey, files: doubtful, keys });
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The path of a data file with a row whose key differs from a deleted one only by the sign of a zero. */
export async function fileHitByZero(
  source: TableWithManifests,
  snapshot: Snapshot,
  { deletes, columns }: { readonly deletes: readonly DeleteFile[]; readonly columns: readonly NestedField[] },
): Promise<string | undefined> {
  for (const { ofKey, keys } of byKey(deletes, columns)) {
    const named = namedApart(keys);
    const schema = fileSchemaFragment(named);
    if (schema === undefined || !keys.some(({ type }) => hasNan(type))) continue;
    const withZero = await reading(source, snapshot, () =>
      source.engine.query(
        statement('tables/zero_keys', { file_columns: schema, numbers: numbersAmong(named) }),
        { files: ofKey.map((each) => each.path) },
      ),
    );
    if (withZero.length === 0) continue;
    const files = await filesOlderThan(source, snapshot, ofKey);
    const found =
      files.length === 0 ? undefined : await rowHit(source, snapshot, { deletes: ofKey, files, keys });
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Groups deletes whose keys are the same columns. */
function byKey(
  deletes: readonly DeleteFile[],
  columns: readonly NestedField[],
): {
  readonly ids: ReadonlySet<number>;
  readonly ofKey: readonly DeleteFile[];
  readonly keys: readonly NestedField[];
}[] {
  const groups = Map.groupBy(deletes, (each) => [...each.equalityIds].sort((a, b) => a - b).join());
  return [...groups.values()].map((ofKey) => {
    const ids = new Set(ofKey[0]?.equalityIds);
    return { ids, ofKey, keys: columns.filter((column) => ids.has(column.id)) };
  });
}

/** Gives keys names of their own: a file is read by field ids, whatever its columns are called. */
const namedApart = (keys: readonly NestedField[]): NestedField[] =>
  keys.map((column, index) => ({ ...column, name: `key_${index + 1}` }));

const numbersAmong = (keys: readonly NestedField[]): SqlFragment =>
  identifierListFragment(keys.filter(({ type }) => hasNan(type)).map(({ name }) => name));

interface OfOneKey {
  readonly deletes: readonly DeleteFile[];
  readonly files: readonly DataFile[];
}

/**
 * Data files with a newer delete of another partition; not if both have the same spec and the key determines
 * its partitions.
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
        byPlace.some(([place, number]) => number > file.sequenceNumber && place !== partitionKeyOf(file)),
    ),
  );
}

/** The two partitions with the newest deletes: a file lies outside of at least one of them. */
function newestByPlace(
  source: TableByMetadata,
  deletes: readonly DeleteFile[],
): (readonly [string, bigint])[] {
  const byPlace = new Map<string, bigint>();
  for (const each of deletes) {
    const place = scopeOf(source, each);
    const known = byPlace.get(place) ?? -1n;
    byPlace.set(place, each.sequenceNumber > known ? each.sequenceNumber : known);
  }
  return [...byPlace].sort(([, left], [, right]) => (left < right ? 1 : left > right ? -1 : 0)).slice(0, 2);
}

async function rowHit(
  source: TableWithManifests,
  snapshot: Snapshot,
  { deletes, files, keys }: OfOneKey & { readonly keys: readonly NestedField[] },
): Promise<string | undefined> {
  const named = namedApart(keys);
  const schema = fileSchemaFragment(named);
  if (schema === undefined) return files[0]?.path;
  const [row] = await reading(source, snapshot, () =>
    source.engine.query(
      statement('tables/keys_elsewhere', {
        keys: identifierListFragment(named.map(({ name }) => name)),
        numbers: numbersAmong(named),
        file_columns: schema,
      }),
      {
        delete_paths: deletes.map((each) => each.path),
        delete_places: deletes.map((each) => scopeOf(source, each)),
        delete_numbers: deletes.map((each) => each.sequenceNumber),
        data_paths: files.map((file) => file.path),
        data_places: files.map(partitionKeyOf),
        data_numbers: files.map((file) => file.sequenceNumber),
      },
    ),
  );
  return row?.path;
}
