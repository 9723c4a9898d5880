/**
 * Stages rows as data files that plain COPY writes, under a manifest composed from what COPY reports. Step ->
 * a snapshot on the branch. Measured on 2026-11-22 (2 cores, 1,000,000 rows of 9 columns into hourly
 * partitions, CPU time): INSERT through DuckDB 1.5.5's Iceberg extension 3.0 s, COPY with this manifest 1.35
 * s, a plain COPY without table 1.3 s. As a first session into 72 hourly partitions, on a busy machine:
 * INSERT 15.5 and 16.4 s, COPY 5.8 and 6.3 s; into 8 buckets 6.3 and 5.4 s, 3.9 and 4.2 s.
 */
import { randomUUID } from 'node:crypto';
import type { BoundStatement } from '../engine/index.ts';
import type { PartitionSpec, SnapshotId, TableMetadata } from '../iceberg/table-metadata.ts';
import type { FileLayout } from '../model/file-layout.ts';
import { plainPath } from '../model/plain-path.ts';
import type { Step } from '../model/plan.ts';
import { makeLocalFolder, removeLocalFile } from '../files/local.ts';
import {
  NOTHING,
  isLongKey,
  longValuesFragment,
  manifestListStatement,
  manifestFormatFragment,
  newEntryFragments,
  partitionColumnName,
  partitionSummariesFragment,
  partitionTupleFragment,
  quoteIdentifier,
  renderStatement,
  statementFragment,
  writtenValues,
} from '../statements/index.ts';
import { bindStep } from './bind-step.ts';
import { declareEmptyPartitionIn, manifestMetadata } from '../tables/write/manifest.ts';
import { firstRowIdParameter, metadataPath, rowLineageOf } from '../tables/write/new-files.ts';
import { type RunContext, loadTarget } from './context.ts';
import { refuseNullsInFiles } from './refuse-nulls.ts';
import { commitStaged } from './stage-snapshot.ts';

/** What COPY reports of a file. */
export interface WrittenFile {
  readonly filename: string;
  readonly count: bigint;
  readonly file_size_bytes: bigint;
  readonly column_statistics: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly partition_keys: Readonly<Record<string, string | null>> | null;
}

/**
 * Executes a step `write …`: writes the files, then stages them. Returns the staging snapshot, or undefined
 * when there was no row.
 */
export async function writeFiles(
  context: RunContext,
  step: Step,
  layout: FileLayout,
): Promise<SnapshotId | undefined> {
  const { metadata } = await loadTarget(context);
  // A folder of the session's own: what a killed one leaves is found by its name.
  const folder = `${layout.dataFolder}/${context.branch}`;
  const destination = layout.partition.length === 0 ? `${folder}/${randomUUID()}.parquet` : folder;
  makeLocalFolder(folder);
  const statement: BoundStatement = bindStep(step, { 'data-folder': destination });
  const written = (await context.ports.engine.query(statement)) as unknown as WrittenFile[];
  const files = await withLongValues(
    context,
    layout,
    written.filter((file) => file.count > 0n),
  );
  for (const file of written) if (file.count === 0n) removeLocalFile(file.filename);
  await refuseNullsInFiles(context, step, { metadata, files });
  return files.length === 0 ? undefined : stageFiles(context, metadata, layout, files);
}

/** Puts partition values that are too long for the name of a folder in the place of their hashes. */
async function withLongValues(
  context: RunContext,
  layout: FileLayout,
  files: readonly WrittenFile[],
): Promise<readonly WrittenFile[]> {
  const hashed = files.filter((file) => Object.values(file.partition_keys ?? {}).some(isLongKey));
  if (hashed.length === 0) return files;
  const rows = await context.ports.engine.query<{ filename: string; partition: (string | null)[] }>({
    sql: renderStatement('load/long_partition_values', { values: longValuesFragment(layout.partition) }),
    parameters: { files: hashed.map((file) => file.filename) },
  });
  const byFile = new Map(rows.map((row) => [row.filename, row.partition]));
  return files.map((file) => {
    const values = byFile.get(file.filename);
    const keys = values?.map((value, index) => [partitionColumnName(index), value] as const);
    return keys === undefined ? file : { ...file, partition_keys: Object.fromEntries(keys) };
  });
}

async function stageFiles(
  context: RunContext,
  metadata: TableMetadata,
  layout: FileLayout,
  files: readonly WrittenFile[],
): Promise<SnapshotId | undefined> {
  const { engine } = context.ports;
  const spec = metadata['partition-specs'].find((each) => each['spec-id'] === layout.specId);
  const manifest = metadataPath(metadata, `${randomUUID()}-m0`, context.branch);
  const sorted = layout.order === undefined ? [] : ['sort_order_id'];
  const entry = newEntryFragments([...DATA_FILE_COLUMNS, ...sorted], layout.partition);
  await engine.execute({
    sql: renderStatement('load/write_file_manifest', {
      partition: partitionTupleFragment(writtenValues(layout.partition)),
      data_file: entry.dataFile,
      manifest_format: manifestFormatFragment(entry.fieldIds),
    }),
    parameters: {
      files: JSON.stringify(files.map((file) => fileJson(file, layout))),
      metrics: JSON.stringify(files.flatMap((file) => metricsJson(file, layout))),
      sort_order_id: layout.order === undefined ? null : String(layout.order.id),
      destination: manifest,
      ...manifestMetadata(metadata, spec as PartitionSpec),
    },
  });
  if (layout.partition.length === 0) await declareEmptyPartitionIn(engine, manifest);
  return commitStaged(context, async ({ metadata: current, parent, sequenceNumber, snapshotId }) => {
    const manifestList = metadataPath(current, `snap-${snapshotId}`, context.branch);
    await engine.execute({
      sql: manifestListStatement('load/write_staged_list', rowLineageOf(current), {
        parent: parent === undefined ? NOTHING : statementFragment(renderStatement('load/parent_manifests')),
        summaries: partitionSummariesFragment(writtenValues(layout.partition)),
      }),
      parameters: {
        manifest,
        partition_spec_id: String(layout.specId),
        snapshot_id: String(snapshotId),
        sequence_number: String(sequenceNumber),
        ...firstRowIdParameter(current),
        destination: manifestList,
        ...(parent === undefined ? {} : { parent: parent['manifest-list'] }),
      },
    });
    return { manifestList, operation: 'append' };
  });
}

/** The columns of `data_file` that the engine writes. */
export const DATA_FILE_COLUMNS = [
  'content',
  'file_path',
  'file_format',
  'partition',
  'record_count',
  'file_size_in_bytes',
  'column_sizes',
  'value_counts',
  'null_value_counts',
  'lower_bounds',
  'upper_bounds',
];

function fileJson(file: WrittenFile, layout: FileLayout): Record<string, unknown> {
  return {
    path: spelledAs(layout.location, file.filename),
    rows: String(file.count),
    bytes: String(file.file_size_bytes),
    partition: layout.partition.map(
      (_field, index) => file.partition_keys?.[partitionColumnName(index)] ?? null,
    ),
  };
}

/**
 * COPY reports `file:/a/b` as `/a/b`; a path is kept as the table spells its location, or other writers'
 * clean-up would not know the file.
 */
export const spelledAs = (location: string, path: string): string => {
  const plain = plainPath(location);
  return path.startsWith(plain) ? location + path.slice(plain.length) : path;
};

/** COPY reports a column under its quoted name. */
export function metricsJson(
  file: WrittenFile,
  layout: Pick<FileLayout, 'columns' | 'location'>,
): Record<string, unknown>[] {
  return layout.columns.flatMap((column) => {
    // Of nested columns nothing: counts and bounds are optional, and those of their parts tell readers little.
    if (typeof column.type !== 'string') return [];
    const statistics =
      file.column_statistics[quoteIdentifier(column.name)] ?? file.column_statistics[column.name];
    if (statistics === undefined) return [];
    return [
      {
        path: spelledAs(layout.location, file.filename),
        field_id: column.id,
        kind: column.type,
        values: statistics['num_values'] ?? null,
        nulls: statistics['null_count'] ?? null,
        size: statistics['column_size_bytes'] ?? null,
        least: statistics['min'] ?? null,
        greatest: statistics['max'] ?? null,
      },
    ];
  });
}
