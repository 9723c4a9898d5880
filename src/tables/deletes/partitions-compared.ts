/**
 * Finds partitions that DuckDB 1.5.5 cannot compare. It compares the partition of an equality delete with
 * that of each older file of its spec, value by value, and an internal error ends its database at a NULL, or
 * if the delete has more values. Each file gets the fields of all specs that some data manifest has, each
 * delete those of all specs of delete manifests: NULL if they belong to another spec. Metadata as DuckDB
 * reads them + files -> the path of such a file, or undefined. Pure.
 */
import { currentSchema, type PartitionTuple } from '../../iceberg/event-time.ts';
import { listFields } from '../../iceberg/schema-fields.ts';
import type { PartitionSpec, TableMetadata } from '../../iceberg/table-metadata.ts';
import { sharedVoids, withoutFields } from '../../iceberg/unread-fields.ts';
import type { ManifestRow } from '../read/manifest-list.ts';
import { type DataFile, isUnpartitioned } from './files-under.ts';
import type { DeleteFile } from './row-delete-files.ts';

interface Compared {
  readonly deletes: readonly DeleteFile[];
  /** Data files that are older than one of the deletes. */
  readonly files: readonly DataFile[];
  readonly manifests: readonly Pick<ManifestRow, 'content' | 'partition_spec_id'>[];
}

export function fileBesideUncompared(
  shown: TableMetadata,
  { deletes, files, manifests }: Compared,
): string | undefined {
  const metadata = withoutFields(shown, { partitionFields: sharedVoids(shown), columns: [] });
  const specsOf = (content: number): ReadonlySet<number> =>
    new Set(
      manifests.filter((each) => each.content === content).map(({ partition_spec_id: specId }) => specId),
    );
  const [ofData, ofDeletes] = [fieldIds(metadata, specsOf(0)), fieldIds(metadata, specsOf(1))];
  const deletesOf = Map.groupBy(deletes, (each) => each.specId);
  const filesOf = Map.groupBy(files, (each) => each.specId);
  for (const spec of metadata['partition-specs']) {
    const scoped = deletesOf.get(spec['spec-id']) ?? [];
    if (scoped.length === 0 || isUnpartitioned(spec)) continue;
    const valuesOf = valuesIn(metadata, spec);
    const newest = newestByValues(scoped, valuesOf);
    const valuesOfFile = remembered((partition) => valuesOf(JSON.parse(partition) as PartitionTuple));
    const found = (filesOf.get(spec['spec-id']) ?? []).find((file) =>
      newest.some(
        ({ sequenceNumber, values }) =>
          sequenceNumber > file.sequenceNumber &&
          fails({ ofDeletes, ofData }, values, valuesOfFile(file.partition)),
      ),
    );
    if (found !== undefined) return found.path;
  }
  return undefined;
}

/** Ids of the fields in which a partition has a value that DuckDB reads. */
type Values = ReadonlySet<number>;

const fails = (
  { ofDeletes, ofData }: Readonly<Record<'ofDeletes' | 'ofData', readonly number[]>>,
  ofDelete: Values,
  ofFile: Values,
): boolean =>
  ofDeletes.some((id, at) => {
    if (at >= ofData.length) return true;
    return id === ofData[at] && !(ofDelete.has(id) && ofFile.has(id));
  });

/** There may be thousands of deletes, and few kinds of them: each is asked of every file. */
function newestByValues(
  deletes: readonly DeleteFile[],
  valuesOf: (partition: PartitionTuple) => Values,
): readonly { readonly sequenceNumber: bigint; readonly values: Values }[] {
  const newest = new Map<string, { readonly sequenceNumber: bigint; readonly values: Values }>();
  for (const { partition, sequenceNumber } of deletes) {
    const values = valuesOf(partition);
    const kind = [...values].join();
    if ((newest.get(kind)?.sequenceNumber ?? -1n) < sequenceNumber)
      newest.set(kind, { sequenceNumber, values });
  }
  return [...newest.values()];
}

function remembered(of: (text: string) => Values): (text: string) => Values {
  const known = new Map<string, Values>();
  return (text) => {
    const values = known.get(text) ?? of(text);
    known.set(text, values);
    return values;
  };
}

/** The fields of some specs in DuckDB's order; one that several specs of the table have is there as often. */
function fieldIds(metadata: TableMetadata, specIds: ReadonlySet<number>): number[] {
  const known = new Set(listFields(currentSchema(metadata).fields).map((field) => field.id));
  const specs = metadata['partition-specs'];
  const ids = specs
    .filter((spec) => specIds.has(spec['spec-id']))
    .flatMap((spec) => spec.fields.filter((field) => known.has(field['source-id'])))
    .map((field) => field['field-id']);
  return [...new Set(ids)]
    .sort((left, right) => left - right)
    .flatMap((id) =>
      specs.flatMap((spec) => spec.fields.filter((field) => field['field-id'] === id).map(() => id)),
    );
}

function valuesIn(metadata: TableMetadata, spec: PartitionSpec): (partition: PartitionTuple) => Values {
  const columns = currentSchema(metadata).fields;
  const keyOf = (field: PartitionSpec['fields'][number]): string =>
    (field.transform === 'identity' && columns.find(({ id }) => id === field['source-id'])?.name) ||
    field.name;
  const keys = spec.fields
    .filter((field) => field.transform !== 'void')
    .map((field) => [field['field-id'], keyOf(field)] as const);
  return (partition) =>
    new Set(keys.filter(([, key]) => (partition[key] ?? null) !== null).map(([id]) => id));
}
