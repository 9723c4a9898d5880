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
import type { DataFile } from './files-under.ts';
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
  const bySpec = Map.groupBy(deletes, (each) => each.specId);
  for (const spec of metadata['partition-specs']) {
    const scoped = bySpec.get(spec['spec-id']) ?? [];
    if (scoped.length === 0 || spec.fields.every((field) => field.transform === 'void')) continue;
    const fails = (one: DeleteFile, file: DataFile, values: ReadonlySet<number>): boolean => {
      const ofFile = valuesOf(metadata, spec, JSON.parse(file.partition) as PartitionTuple);
      return (
        one.sequenceNumber > file.sequenceNumber &&
        ofDeletes.some((id, at) => {
          if (at >= ofData.length) return true;
          return id === ofData[at] && !(values.has(id) && ofFile.has(id));
        })
      );
    };
    for (const one of scoped) {
      const values = valuesOf(metadata, spec, one.partition);
      const found = files.find((file) => file.specId === spec['spec-id'] && fails(one, file, values));
      if (found !== undefined) return found.path;
    }
  }
  return undefined;
}

/**
 * The fields of these specs in DuckDB's order; a field that several specs of the table have occurs once for
 * each.
 */
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

/** Ids of the fields for which a partition has a value that DuckDB reads. */
function valuesOf(metadata: TableMetadata, spec: PartitionSpec, partition: PartitionTuple): Set<number> {
  const columns = currentSchema(metadata).fields;
  const keyOf = (field: PartitionSpec['fields'][number]): string =>
    (field.transform === 'identity' && columns.find(({ id }) => id === field['source-id'])?.name) ||
    field.name;
  return new Set(
    spec.fields
      .filter((field) => field.transform !== 'void' && (partition[keyOf(field)] ?? null) !== null)
      .map((field) => field['field-id']),
  );
}
