/**
 * Takes over files that another engine has written and committed to a table of its own. That table's snapshot
 * -> a manifest of ours that is in no list yet. Its own manifests cannot be used, because their entries name
 * its snapshots.
 */
import type { Engine } from '../../engine/index.ts';
import { removeFile } from '../../files/remove.ts';
import { columnOf, currentSchema, storedUnit } from '../../iceberg/event-time.ts';
import { mainSnapshot } from '../../iceberg/history.ts';
import type { PartitionSpec, TableMetadata } from '../../iceberg/table-metadata.ts';
import { PsybergError } from '../../model/errors.ts';
import type { WriterCounts } from '../../model/writer-counts.ts';
import {
  manifestEntryFragments,
  manifestFormatFragment,
  type StatementRow,
  statement,
} from '../../statements/index.ts';
import { manifestsOf } from '../read/manifest-list.ts';
import { shapesOf } from '../read/manifest-shapes.ts';
import { declareEmptyPartitionIn, manifestMetadata, partitionValues } from './manifest.ts';
import type { StagedManifest } from './manifest-list.ts';

/** Files of another engine, listed in a manifest of ours. */
export interface TakenOver {
  readonly manifest: StagedManifest;
  /** Paths as their writer spelled them. */
  readonly paths: readonly string[];
  readonly counts: WriterCounts;
}

/**
 * `collected`: the table as the engine left it, with nothing but what it added. `destination`: path of the
 * new manifest. `eventTime`: the column that tells the hour of a row. Undefined if it added no row. Throws
 * `spark-failed` for anything but data files of one partition spec.
 */
export async function takeOverFiles(
  engine: Engine,
  collected: TableMetadata,
  { destination, eventTime }: { readonly destination: string; readonly eventTime: string | undefined },
): Promise<TakenOver | undefined> {
  const snapshot = mainSnapshot(collected);
  if (snapshot === undefined) return undefined;
  const manifests = (await manifestsOf(engine, snapshot)).filter((each) => each.live_files > 0n);
  if (manifests.length === 0) return undefined;
  const shapes = await shapesOf(engine, manifests);
  const [shape] = shapes;
  if (shape === undefined || shapes.length > 1 || shape.manifest.content !== 0)
    throw new PsybergError('spark-failed', 'Spark has written more than files of new rows', {
      hint: 'report this with the plan that you ran; nothing was published',
    });
  const specId = shape.manifest.partition_spec_id;
  const spec = collected['partition-specs'].find((each) => each['spec-id'] === specId) as PartitionSpec;
  const entry = manifestEntryFragments({
    columns: shape.columns,
    partition: spec.fields.map((field) => ({ name: field.name, fieldId: field['field-id'] })),
    rowIds: false,
  });
  await engine.execute(
    statement('tables/take_over_entries', {
      data_file: entry.data_file,
      manifest_format: manifestFormatFragment(entry.entry_field_ids),
    }),
    { manifests: shape.paths, destination, ...manifestMetadata(collected, spec) },
  );
  if (spec.fields.length === 0) await declareEmptyPartitionIn(engine, destination);
  const manifest = { path: destination, specId, values: partitionValues(collected, spec) };
  const files = await countedFiles(engine, collected, { destination, eventTime });
  return { manifest, paths: files.map(({ path }) => path), counts: writerCounts(files, collected) };
}

type CountedFile = StatementRow<'tables/written_counts'>;

async function countedFiles(
  engine: Engine,
  collected: TableMetadata,
  { destination, eventTime }: { readonly destination: string; readonly eventTime: string | undefined },
): Promise<CountedFile[]> {
  const column = eventTime === undefined ? undefined : columnOf(currentSchema(collected), eventTime);
  const unit = storedUnit(column?.type, undefined);
  return engine.query(statement('tables/written_counts'), {
    manifests: [destination],
    field_id: unit === undefined ? 0 : (column?.id ?? 0),
    type: String(column?.type ?? 'timestamptz'),
    unit: unit ?? 'us',
  });
}

/**
 * Only the counts that the writer gives: there are none for nested columns, nor for others if a table's
 * properties say so.
 */
function writerCounts(files: readonly CountedFile[], collected: TableMetadata): WriterCounts {
  const hours = files.flatMap(({ first_hour: first, last_hour: last, null_event_times: without }) =>
    first === null || last === null || without !== 0n ? [] : [{ firstHour: first, lastHour: last }],
  );
  const withoutNull = currentSchema(collected).fields.filter(({ id }) =>
    files.every((file) => file.fields_without_null.includes(id)),
  );
  return {
    rows: files.reduce((sum, { rows }) => sum + rows, 0n),
    columnsWithoutNull: new Set(withoutNull.map(({ name }) => name.toLowerCase())),
    hours: hours.length === files.length ? hours : undefined,
  };
}

/** Deletes the lists and manifests of the engine's own snapshots. */
export async function removeCollected(engine: Engine, collected: TableMetadata): Promise<void> {
  const snapshot = mainSnapshot(collected);
  if (snapshot === undefined) return;
  const manifests = await manifestsOf(engine, snapshot);
  const lists = (collected.snapshots ?? []).map((each) => each['manifest-list']);
  for (const path of [...manifests.map((each) => each.manifest_path), ...lists]) {
    removeFile(path);
    removeFile(checksumOf(path));
  }
}

/** Hadoop's local file system puts such a file beside each file; DuckDB and Iceberg do not know of them. */
export const checksumOf = (path: string): string => path.replace(/([^/]+)$/, '.$1.crc');
