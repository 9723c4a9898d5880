/**
 * Commits composed in SQL: manifests and manifest lists are Avro files that DuckDB reads and writes. Files
 * in, files out; the catalog learns of them in a commit afterwards, so a crash leaves orphan files and
 * nothing else.
 */
import { randomUUID } from 'node:crypto';
import type { Engine } from '../engine/index.ts';
import { declareEmptyPartition } from '../iceberg/empty-partition.ts';
import { currentSchema } from '../iceberg/event-time.ts';
import { renderJson } from '../iceberg/json.ts';
import { tableRoot } from '../iceberg/new-snapshot.ts';
import { textFieldsOf, textTruncations } from '../iceberg/text-fields.ts';
import type {
  PartitionSpec,
  Schema,
  Snapshot,
  SnapshotId,
  TableMetadata,
} from '../iceberg/table-metadata.ts';
import {
  type ManifestColumn,
  type ParametersOf,
  type PartitionColumn,
  type RowLineage,
  type SqlFragment,
  boundOrder,
  inheritedEntryFragments,
  joinedFragment,
  literalFragment,
  manifestListStatement,
  renderStatement,
  statementFragment,
} from '../statements/index.ts';

export interface ManifestRow extends Record<string, unknown> {
  readonly manifest_path: string;
  readonly partition_spec_id: number;
  /** 0 data, 1 deletes. */
  readonly content: number;
  readonly added_snapshot_id: string;
  readonly live_files: bigint;
}

/**
 * Files that a manifest should hold at most: an overwrite rewrites the manifests that it touches, and a
 * reader opens one for each so many files. An overwrite of three hours in a table of 10,000 files took 193
 * and 207 ms with 500, 158 and 172 with 250, 183 and 177 with 125 (2026-11-24, turn about); with all files in
 * one manifest taking the hours off alone cost 657 ms of CPU (2026-11-22).
 */
export const FILES_PER_MANIFEST = 250;

/**
 * A path for a new metadata file of the table. `owner`: the branch of the session that writes it, by which a
 * killed session's files are found.
 */
export const metadataPath = (metadata: TableMetadata, name: string, owner?: string): string =>
  `${tableRoot(metadata)}/metadata/${owner === undefined ? '' : `${owner}-`}${name}-${randomUUID()}.avro`;

/**
 * Whether a new snapshot of the table numbers its rows: from format version 3 on (Iceberg specification, "Row
 * Lineage").
 */
export const rowLineageOf = (metadata: Pick<TableMetadata, 'format-version'>): RowLineage =>
  metadata['format-version'] >= 3 ? 'assigned' : 'none';

/**
 * The parameter `first_row_id` of a statement that writes a snapshot's manifest list; none below version 3.
 */
export const firstRowIdParameter = (metadata: TableMetadata): { readonly first_row_id?: bigint } =>
  rowLineageOf(metadata) === 'none' ? {} : { first_row_id: metadata['next-row-id'] ?? 0n };

/** The manifests of a snapshot, data manifests and delete manifests. */
export async function manifestsOf(engine: Engine, snapshot: Snapshot): Promise<ManifestRow[]> {
  return engine.query<ManifestRow>({
    sql: renderStatement('compose/manifests_of'),
    parameters: { manifest_list: snapshot['manifest-list'] },
  });
}

/** What rewriting a manifest needs to know of it. */
export type ManifestToRewrite = Pick<ManifestRow, 'manifest_path' | 'partition_spec_id' | 'content'>;

export interface RewriteOptions {
  readonly metadata: TableMetadata;
  /** The list that holds the manifests. */
  readonly manifestList: string;
  readonly manifests: readonly ManifestToRewrite[];
  /** Become DELETED entries: paths, and of deletion vectors `path#offset`. */
  readonly removedFiles: readonly string[];
  /** When not empty: only these files are written. */
  readonly keptFiles: readonly string[];
  /** Path of a new manifest. */
  readonly destination: () => string;
  /** Field ids of columns whose bounds are left out. */
  readonly withoutBoundsOf?: readonly number[];
}
export interface RewrittenManifest {
  readonly path: string;
  readonly specId: number;
  readonly content: number;
}

/**
 * Writes one manifest for each partition spec, kind of content and shape in place of `manifests`. Entries
 * keep their ids, numbers and optional columns. Manifests of different shapes are kept apart: DuckDB reads
 * several Avro files with the columns and types of the first, and what only another has would be lost.
 */
export async function rewriteManifests(
  engine: Engine,
  options: RewriteOptions,
): Promise<RewrittenManifest[]> {
  const written: RewrittenManifest[] = [];
  for (const shape of await shapesOf(engine, options.manifests))
    written.push(await rewriteManifest(engine, options, shape));
  return written;
}

/** Manifests that one statement can read. */
export interface ManifestShape {
  /** One of them. */
  readonly manifest: ManifestToRewrite;
  /** Of the entry and of `data_file`. */
  readonly columns: readonly ManifestColumn[];
  readonly paths: readonly string[];
}

/** Groups manifests by partition spec, content and columns. */
export async function shapesOf(
  engine: Engine,
  manifests: readonly ManifestToRewrite[],
): Promise<ManifestShape[]> {
  const shapes = new Map<string, ManifestShape & { readonly paths: string[] }>();
  for (const manifest of manifests) {
    const { columns } = await engine.table({
      sql: renderStatement('compose/data_file_columns'),
      parameters: { manifest: manifest.manifest_path },
    });
    const key = JSON.stringify([manifest.partition_spec_id, manifest.content, columns]);
    const shape = shapes.get(key);
    if (shape === undefined) shapes.set(key, { manifest, columns, paths: [manifest.manifest_path] });
    else shape.paths.push(manifest.manifest_path);
  }
  return [...shapes.values()];
}

async function rewriteManifest(
  engine: Engine,
  options: RewriteOptions,
  shape: ManifestShape,
): Promise<RewrittenManifest> {
  const { metadata } = options;
  const { partition_spec_id: specId, content } = shape.manifest;
  const spec = metadata['partition-specs'].find((each) => each['spec-id'] === specId) as PartitionSpec;
  const path = options.destination();
  await engine.execute({
    sql: renderStatement(
      'compose/rewrite_manifest',
      inheritedEntryFragments({
        columns: shape.columns,
        partition: spec.fields.map((field) => ({ name: field.name, fieldId: field['field-id'] })),
        rowIds: content === 0 && rowLineageOf(metadata) !== 'none',
        textFields: textFieldsOf(currentSchema(metadata)),
        ...(options.withoutBoundsOf === undefined ? {} : { withoutBoundsOf: options.withoutBoundsOf }),
      }),
    ),
    parameters: {
      manifests: shape.paths,
      manifest_list: options.manifestList,
      removed_files: options.removedFiles,
      kept_files: options.keptFiles,
      destination: path,
      ...manifestMetadata(metadata, spec, content === 0 ? 'data' : 'deletes'),
    },
  });
  if (spec.fields.length === 0) await declareEmptyPartitionIn(engine, path);
  return { path, specId, content };
}

/** The fields of a spec as entries are to hold them. A manifest's partition summary has to be made of these values. */
export function partitionColumns(metadata: TableMetadata, spec: PartitionSpec): PartitionColumn[] {
  const widths = textTruncations(metadata, spec);
  return spec.fields.map(({ name, 'field-id': fieldId }) => {
    const textWidth = widths.get(name);
    return { name, fieldId, ...(textWidth === undefined ? {} : { textWidth }) };
  });
}

/**
 * What a manifest says of its table (Iceberg specification, "Manifests"), as parameters of the statements
 * that write one.
 */
export const manifestMetadata = (
  metadata: TableMetadata,
  spec: PartitionSpec,
  content: 'data' | 'deletes' = 'data',
): ParametersOf<'compose/manifest_format'> => ({
  schema: renderJson(currentSchema(metadata)),
  schema_id: metadata['current-schema-id'],
  partition_spec: renderJson(spec.fields),
  partition_spec_id: spec['spec-id'],
  format_version: metadata['format-version'],
  content,
});

/**
 * Declares the empty partition tuple in a manifest of an unpartitioned table; see
 * `iceberg/empty-partition.ts`.
 */
export async function declareEmptyPartitionIn(engine: Engine, path: string): Promise<void> {
  const [row] = await engine.query<{ content: string }>({
    sql: renderStatement('compose/read_bytes'),
    parameters: { path },
  });
  const content = declareEmptyPartition(Buffer.from(row?.content ?? '', 'hex')).toString('hex');
  await engine.execute({
    sql: renderStatement('compose/write_bytes'),
    parameters: { content, destination: path },
  });
}

/**
 * Rewritten manifests as rows of a manifest list. One by one: of several specs, DuckDB would read the
 * partitions of all with the type of the first.
 */
export const rewrittenFragment = (rewritten: readonly RewrittenManifest[]): SqlFragment =>
  joinedFragment(
    rewritten.map(({ path, specId, content }) =>
      statementFragment(
        renderStatement('compose/manifest_row', {
          manifest: literalFragment(path),
          spec_id: literalFragment(`${specId}`),
          content: literalFragment(`${content}`),
          summaries: statementFragment(renderStatement('compose/no_summaries')),
        }),
      ),
    ),
    '\nunion all\n',
  );

/** The manifest list of `base` with `affected` manifests replaced by `rewritten` ones. */
export async function writeClearedList(
  engine: Engine,
  options: {
    readonly metadata: TableMetadata;
    readonly base: Snapshot;
    readonly affected: readonly ManifestToRewrite[];
    readonly rewritten: readonly RewrittenManifest[];
    readonly snapshotId: SnapshotId;
    readonly sequenceNumber: bigint;
    readonly owner?: string;
  },
): Promise<string> {
  const { metadata, affected } = options;
  const destination = metadataPath(metadata, `snap-${options.snapshotId}`, options.owner);
  const merges =
    new Set(affected.map((manifest) => `${manifest.content}/${manifest.partition_spec_id}`)).size <
    affected.length;
  await engine.execute({
    sql: manifestListStatement('compose/write_cleared_list', rowLineageOf(metadata), {
      summaries: statementFragment(
        renderStatement(merges ? 'compose/merged_summaries' : 'compose/kept_summaries'),
      ),
      rewritten: rewrittenFragment(options.rewritten),
    }),
    parameters: {
      manifest_list: options.base['manifest-list'],
      affected_manifests: affected.map((manifest) => manifest.manifest_path),
      ...(merges ? summaryOrder(metadata) : {}),
      snapshot_id: String(options.snapshotId),
      sequence_number: String(options.sequenceNumber),
      ...firstRowIdParameter(metadata),
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
    /** True to show the files without the rows that delete files of the snapshot take off them. */
    readonly withDeletes?: boolean;
    /**
     * Only these delete files, instead: delete manifests in the list of another snapshot, and the keys of
     * entries ({@link deleteKey}).
     */
    readonly deletes?: {
      readonly from: Snapshot;
      readonly manifests: RewriteOptions['manifests'];
      readonly keys: readonly string[];
    };
  },
): Promise<Snapshot> {
  const { metadata, from } = options;
  const destination = (): string => `${options.directory}/files-${randomUUID()}.avro`;
  const written =
    options.files.length === 0
      ? []
      : await rewriteManifests(engine, {
          metadata,
          manifestList: from['manifest-list'],
          manifests: options.manifests,
          removedFiles: [],
          keptFiles: options.files,
          destination,
        });
  const { deletes } = options;
  if (written.length > 0 && deletes !== undefined && deletes.keys.length > 0)
    written.push(
      ...(await rewriteManifests(engine, {
        metadata,
        manifestList: deletes.from['manifest-list'],
        manifests: deletes.manifests,
        removedFiles: [],
        keptFiles: deletes.keys,
        destination,
      })),
    );
  const list = destination();
  if (written.length === 0)
    await engine.execute({
      sql: manifestListStatement('compose/write_empty_list'),
      parameters: { destination: list },
    });
  else
    await engine.execute({
      sql: manifestListStatement(
        'compose/write_files_list',
        rowLineageOf(metadata) === 'none' ? 'none' : 'kept',
        { rewritten: rewrittenFragment(written) },
      ),
      parameters: {
        manifest_list: from['manifest-list'],
        with_deletes: options.withDeletes ?? false,
        snapshot_id: String(from['snapshot-id']),
        sequence_number: String(from['sequence-number'] ?? 0n),
        destination: list,
      },
    });
  return { ...from, 'manifest-list': list };
}

/**
 * What names an entry of a delete manifest, as {@link RewriteOptions} takes it: several deletion vectors may
 * share one Puffin file.
 */
export const deleteKey = (path: string, contentOffset: string | null): string =>
  contentOffset === null ? path : `${path}#${contentOffset}`;

/** `spec:position` of the partition fields whose bounds can be merged, by how they are compared. */
function summaryOrder(metadata: TableMetadata): { integer_fields: string[]; byte_fields: string[] } {
  const fields = metadata['partition-specs'].flatMap((spec) =>
    spec.fields.map((field, index) => ({
      key: `${spec['spec-id']}:${index + 1}`,
      order: boundOrder(partitionType(field.transform, currentSchema(metadata), field['source-id'])),
    })),
  );
  const keys = (order: 'integer' | 'bytes'): string[] =>
    fields.filter((field) => field.order === order).map((field) => field.key);
  return { integer_fields: keys('integer'), byte_fields: keys('bytes') };
}

/** The Iceberg type of a partition field's values; `none` for nested columns. */
export function partitionType(transform: string, schema: Schema, sourceId: number): string {
  if (transform !== 'identity' && !transform.startsWith('truncate')) return 'int';
  const type = schema.fields.find((field) => field.id === sourceId)?.type;
  return typeof type === 'string' ? type : 'none';
}
