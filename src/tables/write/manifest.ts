/**
 * Rewrites manifests: carries entries over, removes them, or leaves out parts of what they say. Manifests ->
 * manifests that are in no list yet.
 */
import type { Engine } from '../../engine/index.ts';
import { isLocalPath } from '../../files/local.ts';
import { declareEmptyPartition } from '../../iceberg/empty-partition.ts';
import { currentSchema } from '../../iceberg/event-time.ts';
import { renderJson } from '../../iceberg/json.ts';
import type { ManifestFacts } from '../../iceberg/manifest-row.ts';
import type { PartitionSpec, Schema, TableMetadata } from '../../iceberg/table-metadata.ts';
import { textFieldsOf, textTruncations } from '../../iceberg/text-fields.ts';
import {
  boundOrder,
  inheritedEntryFragments,
  type ParametersOf,
  type PartitionColumn,
  type PartitionValue,
  type RewriteShape,
  statement,
} from '../../statements/index.ts';
import { bytesOf, writeFile } from '../avro-files.ts';
import { type ManifestShape, type ManifestToRewrite, shapesOf } from '../read/manifest-shapes.ts';
import { rowLineageOf } from './new-files.ts';
import { rewriteKnown } from './rewrite-known.ts';

/**
 * How many files a manifest should hold at most: an overwrite rewrites the manifests that it touches, and a
 * reader opens one for each so many files. An overwrite of three hours in a table of 10,000 files took 193
 * and 207 ms with 500, 158 and 172 with 250, 183 and 177 with 125 (2026-11-24, turn about); with all files in
 * one manifest, removing the hours alone cost 657 ms of CPU (2026-11-22).
 */
export const FILES_PER_MANIFEST = 250;

export interface RewriteOptions {
  readonly metadata: TableMetadata;
  /** The list that contains the manifests. */
  readonly manifestList: string;
  readonly manifests: readonly ManifestToRewrite[];
  /** Files whose entries become DELETED: paths, and for deletion vectors `path#offset`. */
  readonly removedFiles: readonly string[];
  /** If not empty, only these files are written. */
  readonly keptFiles: readonly string[];
  /** Makes a path for a new manifest. */
  readonly destination: () => string;
  /** Field ids of columns whose bounds are left out. */
  readonly withoutBoundsOf?: readonly number[];
}
/** A manifest that was written, and is in no list yet. */
export interface RewrittenManifest {
  readonly path: string;
  readonly specId: number;
  /** 0: data, 1: deletes. */
  readonly content: number;
  /** Its content, if it was written without DuckDB. */
  readonly facts?: ManifestFacts;
}

/**
 * Replaces `manifests` by one manifest for each partition spec, kind of content and shape. Entries keep their
 * ids, numbers and optional columns. Manifests of different shapes stay apart: DuckDB reads several Avro
 * files with the columns and types of the first, and columns that only another one has would be lost.
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

async function rewriteManifest(
  engine: Engine,
  options: RewriteOptions,
  shape: ManifestShape,
): Promise<RewrittenManifest> {
  const { metadata } = options;
  const { partition_spec_id: specId, content } = shape.manifest;
  const spec = metadata['partition-specs'].find((each) => each['spec-id'] === specId) as PartitionSpec;
  const path = options.destination();
  const words = manifestMetadata(metadata, spec, content === 0 ? 'data' : 'deletes');
  const rewrite: RewriteShape = {
    columns: shape.columns,
    partition: spec.fields.map((field) => ({ name: field.name, fieldId: field['field-id'] })),
    rowIds: content === 0 && rowLineageOf(metadata) !== 'none',
    textFields: textFieldsOf(currentSchema(metadata)),
    ...(options.withoutBoundsOf === undefined ? {} : { withoutBoundsOf: options.withoutBoundsOf }),
  };
  const { manifestList, removedFiles, keptFiles } = options;
  const files = { manifestList, removedFiles, keptFiles };
  const known = isLocalPath(path)
    ? rewriteKnown({ shape: rewrite, manifests: shape.paths, ...files, words })
    : undefined;
  if (known !== undefined) {
    await writeFile(engine, path, known.file);
    return { path, specId, content, facts: known };
  }
  await engine.execute(statement('tables/rewrite_manifest', inheritedEntryFragments(rewrite)), {
    manifests: shape.paths,
    manifest_list: manifestList,
    removed_files: removedFiles,
    kept_files: keptFiles,
    destination: path,
    ...words,
  });
  if (spec.fields.length === 0) await declareEmptyPartitionIn(engine, path);
  return { path, specId, content };
}

/**
 * The fields of a spec in the form that entries must have. A manifest's partition summary must be made from
 * these values.
 */
export function partitionColumns(metadata: TableMetadata, spec: PartitionSpec): PartitionColumn[] {
  const widths = textTruncations(metadata, spec);
  return spec.fields.map(({ name, 'field-id': fieldId }) => {
    const textWidth = widths.get(name);
    return { name, fieldId, ...(textWidth === undefined ? {} : { textWidth }) };
  });
}

/**
 * What a manifest says about its table (Iceberg specification, "Manifests"), as parameters of the statements
 * that write one.
 */
export const manifestMetadata = (
  metadata: TableMetadata,
  spec: PartitionSpec,
  content: 'data' | 'deletes' = 'data',
): ParametersOf<'fragments/manifest_format'> => ({
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
  await writeFile(engine, path, declareEmptyPartition(await bytesOf(engine, path)));
}

/** The fields of a spec with the types of their values. */
export const partitionValues = (metadata: TableMetadata, spec: PartitionSpec): PartitionValue[] =>
  spec.fields.map((field) => ({
    name: field.name,
    transform: field.transform,
    type: partitionType(field.transform, currentSchema(metadata), field['source-id']),
  }));

/** The Iceberg type of a partition field's values; `none` for nested columns. */
export function partitionType(transform: string, schema: Schema, sourceId: number): string {
  if (transform !== 'identity' && !transform.startsWith('truncate')) return 'int';
  const type = schema.fields.find((field) => field.id === sourceId)?.type;
  return typeof type === 'string' ? type : 'none';
}

/** How the bounds of partition fields are compared, by `spec:position`; only for those that can be merged. */
export type SummaryOrder = ReadonlyMap<string, 'integer' | 'bytes'>;

/** For all specs of a table. */
export const summaryOrder = (metadata: TableMetadata): SummaryOrder =>
  new Map(
    metadata['partition-specs'].flatMap((spec) =>
      spec.fields.flatMap((field, index) => {
        const type = partitionType(field.transform, currentSchema(metadata), field['source-id']);
        const order = boundOrder(type);
        return order === undefined ? [] : [[`${spec['spec-id']}:${index + 1}`, order] as const];
      }),
    ),
  );
