/**
 * Commits composed in SQL: manifests and manifest lists are Avro files that DuckDB reads and writes. Files in, files out; the catalog
 * learns of them in a commit afterwards, so a crash leaves orphan files and nothing else.
 */
import { randomUUID } from 'node:crypto';
import { type Engine, togetherOrSingly } from '../engine/index.ts';
import { declareEmptyPartition } from '../iceberg/empty-partition.ts';
import { currentSchema } from '../iceberg/event-time.ts';
import { renderJson } from '../iceberg/json.ts';
import { tableRoot } from '../iceberg/new-snapshot.ts';
import type { PartitionSpec, Schema, Snapshot, SnapshotId, TableMetadata } from '../iceberg/table-metadata.ts';
import { manifestEntryFragments, manifestListStatement, renderStatement } from '../statements/index.ts';

export interface ManifestRow extends Record<string, unknown> {
  readonly manifest_path: string;
  readonly partition_spec_id: number;
  readonly content: number;
  readonly added_snapshot_id: string;
  readonly live_files: bigint;
}

/** A path for a new metadata file of the table. */
export const metadataPath = (metadata: TableMetadata, name: string): string => `${tableRoot(metadata)}/metadata/${name}-${randomUUID()}.avro`;

export async function manifestsOf(engine: Engine, snapshot: Snapshot): Promise<ManifestRow[]> {
  return engine.query<ManifestRow>({ sql: renderStatement('compose/manifests_of'), parameters: { manifest_list: snapshot['manifest-list'] } });
}

export interface RewriteOptions {
  readonly metadata: TableMetadata;
  /** The list that holds the manifests. */
  readonly manifestList: string;
  readonly manifests: readonly Pick<ManifestRow, 'manifest_path' | 'partition_spec_id'>[];
  /** Become DELETED entries. */
  readonly removedFiles: readonly string[];
  /** When not empty: only these files are written. */
  readonly keptFiles: readonly string[];
  /** Path of a new manifest. */
  readonly destination: () => string;
  /** What the manifests list; default: data files. */
  readonly content?: 'data' | 'deletes';
}

/** Writes one manifest for each partition spec (and writer) in place of `manifests`. Entries keep their ids, numbers and optional columns. */
export async function rewriteManifests(engine: Engine, options: RewriteOptions): Promise<{ path: string; specId: number }[]> {
  const written: { path: string; specId: number }[] = [];
  for (const specId of new Set(options.manifests.map((manifest) => manifest.partition_spec_id))) {
    const paths = options.manifests.filter((manifest) => manifest.partition_spec_id === specId).map((manifest) => manifest.manifest_path);
    written.push(...(await togetherOrSingly(paths, async (each) => [await rewriteManifest(engine, options, specId, each)])));
  }
  return written;
}

async function rewriteManifest(engine: Engine, options: RewriteOptions, specId: number, paths: readonly string[]): Promise<{ path: string; specId: number }> {
  const { metadata } = options;
  const spec = metadata['partition-specs'].find((each) => each['spec-id'] === specId) as PartitionSpec;
  const { columns } = await engine.table({ sql: renderStatement('compose/data_file_columns'), parameters: { manifest: paths[0] as string } });
  const entry = manifestEntryFragments(
    columns,
    spec.fields.map((field) => ({ name: field.name, fieldId: field['field-id'] })),
  );
  const path = options.destination();
  await engine.execute({
    sql: renderStatement('compose/rewrite_manifest', { data_file: entry.dataFile, entry_field_ids: entry.fieldIds }),
    parameters: {
      manifests: paths,
      manifest_list: options.manifestList,
      removed_files: options.removedFiles,
      kept_files: options.keptFiles,
      destination: path,
      schema: renderJson(currentSchema(metadata)),
      partition_spec: renderJson(spec.fields),
      partition_spec_id: String(specId),
      content: options.content ?? 'data',
    },
  });
  if (spec.fields.length === 0) await declareEmptyPartitionIn(engine, path);
  return { path, specId };
}

/** Declares the empty partition tuple in a manifest of an unpartitioned table; see `iceberg/empty-partition.ts`. */
export async function declareEmptyPartitionIn(engine: Engine, path: string): Promise<void> {
  const [row] = await engine.query<{ content: string }>({ sql: renderStatement('compose/read_bytes'), parameters: { path } });
  const content = declareEmptyPartition(Buffer.from(row?.content ?? '', 'hex')).toString('hex');
  await engine.execute({ sql: renderStatement('compose/write_bytes'), parameters: { content, destination: path } });
}

/** The manifest list of `base` with `affected` manifests replaced by `rewritten` ones. */
export async function writeClearedList(
  engine: Engine,
  options: {
    readonly metadata: TableMetadata;
    readonly base: Snapshot;
    readonly affected: readonly string[];
    readonly rewritten: readonly { path: string; specId: number }[];
    readonly snapshotId: SnapshotId;
    readonly sequenceNumber: bigint;
  },
): Promise<string> {
  const destination = metadataPath(options.metadata, `snap-${options.snapshotId}`);
  await engine.execute({
    sql: manifestListStatement('compose/write_cleared_list'),
    parameters: {
      manifest_list: options.base['manifest-list'],
      affected_manifests: options.affected,
      rewritten_manifests: options.rewritten.map((each) => each.path),
      rewritten_spec_ids: options.rewritten.map((each) => String(each.specId)),
      ...summaryOrder(options.metadata),
      snapshot_id: String(options.snapshotId),
      sequence_number: String(options.sequenceNumber),
      destination,
    },
  });
  return destination;
}

/** A view of single files: their manifest entries copied, no data touched. Returns the snapshot to show. */
export async function composeFilesView(
  engine: Engine,
  options: {
    readonly metadata: TableMetadata;
    readonly from: Snapshot;
    readonly manifests: RewriteOptions['manifests'];
    readonly files: readonly string[];
    readonly directory: string;
  },
): Promise<Snapshot> {
  const destination = (): string => `${options.directory}/files-${randomUUID()}.avro`;
  const written =
    options.files.length === 0
      ? []
      : await rewriteManifests(engine, {
          metadata: options.metadata,
          manifestList: options.from['manifest-list'],
          manifests: options.manifests,
          removedFiles: [],
          keptFiles: options.files,
          destination,
        });
  const list = destination();
  if (written.length === 0) await engine.execute({ sql: manifestListStatement('compose/write_empty_list'), parameters: { destination: list } });
  else
    await engine.execute({
      sql: manifestListStatement('compose/write_files_list'),
      parameters: {
        manifests: written.map((each) => each.path),
        spec_ids: written.map((each) => String(each.specId)),
        snapshot_id: String(options.from['snapshot-id']),
        sequence_number: String(options.from['sequence-number'] ?? 0n),
        destination: list,
      },
    });
  return { ...options.from, 'manifest-list': list };
}

/** `spec:position` of the partition fields whose summary bounds can be merged, by how their bytes are ordered (specification, appendix D). */
function summaryOrder(metadata: TableMetadata): { integer_fields: string[]; byte_fields: string[] } {
  const integers: string[] = [];
  const bytes: string[] = [];
  for (const spec of metadata['partition-specs']) {
    spec.fields.forEach((field, index) => {
      const type = partitionType(field.transform, currentSchema(metadata), field['source-id']);
      const key = `${spec['spec-id']}:${index + 1}`;
      if (['int', 'long', 'date', 'time', 'timestamp', 'timestamptz', 'timestamp_ns', 'timestamptz_ns'].includes(type)) integers.push(key);
      else if (type === 'string' || type === 'binary' || type === 'uuid' || type.startsWith('fixed')) bytes.push(key);
    });
  }
  return { integer_fields: integers, byte_fields: bytes };
}

function partitionType(transform: string, schema: Schema, sourceId: number): string {
  if (transform !== 'identity' && !transform.startsWith('truncate')) return 'int';
  const type = schema.fields.find((field) => field.id === sourceId)?.type;
  return typeof type === 'string' ? type : 'none';
}

/** Totals of the snapshot that a list describes, for its summary (specification, "Optional Snapshot Summary Fields"). */
export async function listTotals(engine: Engine, manifestList: string, snapshotId: SnapshotId): Promise<ListTotals> {
  const [row] = await engine.query<ListTotals & Record<string, unknown>>({
    sql: renderStatement('compose/list_totals'),
    parameters: { manifest_list: manifestList, snapshot_id: String(snapshotId) },
  });
  return row as ListTotals;
}
export interface ListTotals {
  readonly total_files: bigint;
  readonly total_rows: bigint;
  readonly added_files: bigint;
  readonly added_rows: bigint;
  readonly removed_files: bigint;
  readonly removed_rows: bigint;
}
