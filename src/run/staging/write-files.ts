/**
 * Stages rows as data files that plain COPY writes, under a manifest composed from what COPY reports. Step ->
 * a snapshot on the branch. Measured on 2026-11-22 (2 cores, 1,000,000 rows of 9 columns into hourly
 * partitions, CPU time): INSERT through DuckDB 1.5.5's Iceberg extension 3.0 s, COPY with this manifest 1.35
 * s, a plain COPY without table 1.3 s. As a first session into 72 hourly partitions, on a busy machine:
 * INSERT 15.5 and 16.4 s, COPY 5.8 and 6.3 s; into 8 buckets 6.3 and 5.4 s, 3.9 and 4.2 s.
 */
import { randomUUID } from 'node:crypto';
import type { BoundStatement } from '../../engine/index.ts';
import type { PartitionSpec, TableMetadata } from '../../iceberg/table-metadata.ts';
import type { Step } from '../../model/plan.ts';
import { partitionColumnName, writtenValues } from '../../statements/index.ts';
import { metadataPath } from '../../tables/write/new-files.ts';
import type { Staged } from '../session.ts';
import type { FileLayout } from '../../model/file-layout.ts';
import { makeLocalFolder, removeLocalFile } from '../../files/local.ts';
import { type WrittenFile, withLongValues, writeFileManifest } from '../../tables/write/data-files.ts';
import { writeStagedList } from '../../tables/write/manifest-list.ts';
import { bindStep } from '../bind-step.ts';
import { loadTarget } from '../target.ts';
import { refuseNullsInFiles } from './refuse-nulls.ts';
import { commitStaged } from './commit-staged.ts';

/**
 * Executes a step that writes rows: writes the files, then stages them. Where there was no row the session is
 * returned as it was.
 */
export async function writeFiles(staged: Staged, step: Step, layout: FileLayout): Promise<Staged> {
  const { metadata } = await loadTarget(staged);
  // A folder of the session's own: what a killed one leaves is found by its name.
  const folder = `${layout.dataFolder}/${staged.branch}`;
  const destination = layout.partition.length === 0 ? `${folder}/${randomUUID()}.parquet` : folder;
  makeLocalFolder(folder);
  const statement: BoundStatement = bindStep(step, { 'data-folder': destination });
  const written = (await staged.ports.engine.query(statement)) as unknown as WrittenFile[];
  const files = await withLongValues(
    staged.ports.engine,
    layout.partition,
    written.filter((file) => file.count > 0n),
  );
  for (const file of written) if (file.count === 0n) removeLocalFile(file.filename);
  await refuseNullsInFiles(staged, step, { metadata, files });
  return files.length === 0 ? staged : stageFiles(staged, metadata, layout, files);
}

async function stageFiles(
  staged: Staged,
  metadata: TableMetadata,
  layout: FileLayout,
  files: readonly WrittenFile[],
): Promise<Staged> {
  const { branch } = staged;
  const { engine } = staged.ports;
  const spec = metadata['partition-specs'].find((each) => each['spec-id'] === layout.specId) as PartitionSpec;
  const values = writtenValues(layout.partition);
  const manifest = metadataPath(metadata, `${randomUUID()}-m0`, branch);
  await writeFileManifest(engine, {
    metadata,
    spec,
    values,
    columns: layout.columns,
    location: layout.location,
    files: files.map((file) => ({
      file,
      partition: values.map((_value, index) => file.partition_keys?.[partitionColumnName(index)] ?? null),
    })),
    sortOrderId: layout.order?.id,
    destination: manifest,
  });
  return commitStaged(staged, async (place) => {
    const manifestList = await writeStagedList(engine, {
      ...place,
      manifest: { path: manifest, specId: layout.specId, values },
      owner: branch,
    });
    return { manifestList, operation: 'append' };
  });
}
