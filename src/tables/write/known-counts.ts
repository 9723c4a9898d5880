/**
 * Counts what small lists and manifests of this machine say, without a statement: each function does the same
 * as the statement of `sql/tables` that it names. Files -> its rows, or undefined if DuckDB has to count.
 */
import type { PartitionSpec, SnapshotId, TableMetadata } from '../../iceberg/table-metadata.ts';
import { avroName } from '../../model/avro-name.ts';
import { DAY_MS } from '../../model/hour.ts';
import type { StatementRow } from '../../statements/index.ts';
import { type KnownEntry, knownEntries } from '../read/known-entries.ts';
import { readKnownList } from '../read/list-rows.ts';
import type { ManifestToRewrite } from '../read/manifest-shapes.ts';

export type ChangedKind = StatementRow<'tables/changed_counts'>['kind'];

/** Like `list_totals`, one row for each manifest. `firstRowId`: the snapshot's; from version 3 on. */
export function knownTotals(
  list: string,
  { snapshotId, firstRowId }: { readonly snapshotId: SnapshotId; readonly firstRowId: bigint | undefined },
): StatementRow<'tables/list_totals'>[] | undefined {
  return readKnownList(list)?.map(({ row }) => {
    const live = row.added_files_count + row.existing_files_count;
    const isChanged =
      row.added_snapshot_id === snapshotId && row.added_files_count + row.deleted_files_count > 0;
    const isNamed = isChanged || (row.content === 1 && live > 0);
    const rows = row.content === 0 ? row.added_rows_count + row.existing_rows_count : 0n;
    const isNumbered =
      firstRowId !== undefined && row.first_row_id !== null && row.first_row_id >= firstRowId;
    return {
      manifest_path: isNamed ? row.manifest_path : null,
      partition_spec_id: isNamed ? row.partition_spec_id : null,
      content: isNamed ? row.content : null,
      is_changed: isChanged,
      files: row.content === 0 ? BigInt(live) : 0n,
      rows,
      assigned_rows: isNumbered ? rows : 0n,
    };
  });
}

/**
 * Like `changed_counts`, one row for each file; for all manifests or for none, since SQL spells partitions
 * otherwise.
 */
export function knownChanges(
  metadata: TableMetadata,
  manifests: readonly ManifestToRewrite[],
): StatementRow<'tables/changed_counts'>[] | undefined {
  const specs = new Map(
    manifests.map(({ manifest_path: path, partition_spec_id: id }) => [
      path,
      metadata['partition-specs'].find((each) => each['spec-id'] === id) as PartitionSpec,
    ]),
  );
  return knownEntries([...specs.keys()])
    ?.filter(({ status }) => status > 0)
    .map((entry) => ({
      status: entry.status,
      kind: kindOf(entry.data_file),
      files: 1n,
      rows: entry.data_file.record_count,
      bytes: entry.data_file.file_size_in_bytes,
      partitions: [partitionKey(specs.get(entry.manifest_path) as PartitionSpec, entry.data_file.partition)],
    }));
}

function kindOf({ content, file_format: format }: KnownEntry['data_file']): ChangedKind {
  if ((content ?? 0) === 0) return 'data';
  if (content === 2) return 'equality-deletes';
  return format.toLowerCase() === 'puffin' ? 'deletion-vectors' : 'position-deletes';
}

/**
 * Equal for equal partitions of one spec, whoever wrote them: by names, or by place if a writer uses other
 * names.
 */
function partitionKey(spec: PartitionSpec, partition: KnownEntry['data_file']['partition']): string {
  const values = Object.entries(partition ?? {});
  const key = spec.fields.map(({ name, transform }, position) => {
    const written = [name, avroName(name)].find((each) => values.some(([given]) => given === each));
    const [, value] = values.find(([given]) => given === written) ?? values[position] ?? [];
    const text = value === null || value === undefined ? null : String(value);
    return transform === 'day' && text !== null && ISO_DAY.test(text)
      ? String(Date.parse(text) / DAY_MS)
      : text;
  });
  return JSON.stringify([spec['spec-id'], key]);
}

/** Writers store a day as a date or as a number. */
const ISO_DAY = /^\d{4}-\d{2}-\d{2}$/;
