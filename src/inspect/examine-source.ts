/** The checks of one source of a process. Process + source + metadata -> Check[]. Reads only. */
import type { Engine } from '../engine/index.ts';
import { columnOf, currentSchema, storedUnit } from '../iceberg/event-time.ts';
import { mainSnapshot, snapshotById } from '../iceberg/history.ts';
import type { Snapshot, TableMetadata } from '../iceberg/table-metadata.ts';
import { protectionTag, tableName } from '../model/names.ts';
import type { ProcessSpec, SourceSpec } from '../model/process-spec.ts';
import { producerOf } from '../project/dependency-order.ts';
import type { Report } from '../report/doctor.ts';
import { plural } from '../report/text.ts';
import { type ProcessProgress, watermarkFor } from '../state/read-watermarks.ts';
import { liveManifestsOf, ofData } from '../tables/read/manifest-list.ts';
import { renderStatement } from '../statements/index.ts';
import type { Workspace } from '../workspace/open-workspace.ts';

/** What a check of a source is called. */
export const nameOf = (spec: ProcessSpec, source: SourceSpec): string =>
  `${spec.processName} < ${tableName(source.table)}`;

export interface Examined {
  readonly workspace: Workspace;
  readonly spec: ProcessSpec;
  readonly source: SourceSpec;
  readonly progress: ProcessProgress | undefined;
  readonly engine: Engine | undefined;
}

/** Whether the source can be read, and what will cost time or rows later. */
export async function examineSource(examined: Examined, report: Report): Promise<void> {
  const { workspace, spec, source, progress, engine } = examined;
  const { project } = workspace;
  const name = nameOf(spec, source);
  const table = tableName(source.table);
  const metadata = (await workspace.client.loadTableToRead(source.table))?.metadata;
  if (metadata === undefined) {
    const producer = producerOf(project, source.table);
    if (producer === undefined)
      report(
        name,
        'fail',
        'the table does not exist',
        `create ${table}, or name an existing one in ${spec.file}`,
      );
    else report(name, 'ok', `does not exist yet; ${producer.processName} writes it`);
    return;
  }
  const watermark = watermarkFor(progress, { name: table, tableUuid: metadata['table-uuid'] });
  if (watermark !== undefined && watermark.tableUuid !== metadata['table-uuid']) {
    report(
      name,
      'fail',
      'the table was dropped and created again since the last session',
      `rebuild ${tableName(spec.target.table)} from the new source: drop it and run again`,
    );
    return;
  }
  if (watermark !== undefined && snapshotById(metadata, watermark.snapshotId) === undefined) {
    report(
      name,
      'warn',
      `the snapshot of the watermark (${watermark.snapshotId}) was expired: changes are found from live files, and removals cannot be seen`,
      'keep snapshots longer than the longest pause between two sessions',
    );
    return;
  }
  const head = mainSnapshot(metadata);
  if (head === undefined) {
    report(name, 'ok', 'has no rows yet');
    return;
  }
  if (
    watermark !== undefined &&
    metadata.refs?.[protectionTag(spec.processName)]?.['snapshot-id'] !== watermark.snapshotId
  )
    report(
      name,
      'warn',
      `no tag ${protectionTag(spec.processName)} keeps the snapshot of the watermark (${watermark.snapshotId}): once it is expired, removals cannot be seen`,
      `${source.protect ? `give psyberg leave to commit to ${table}` : 'leave protect: false out where psyberg may commit to it'} (the next run sets the tag), or keep its snapshots longer than the longest pause between two sessions`,
    );
  if (source.eventTime === undefined) {
    report(name, 'ok', 'has no event-time column: its new files are loaded as they come');
    return;
  }
  const column = columnOf(currentSchema(metadata), source.eventTime);
  if (column === undefined || storedUnit(column.type, source.eventTimeUnit) === undefined) {
    report(
      name,
      'fail',
      column === undefined
        ? `has no column '${source.eventTime}'`
        : `its column '${source.eventTime}' has the type ${String(column.type)}, which gives no time`,
      `correct event_time (integers need event_time_unit) in ${spec.file}`,
    );
    return;
  }
  if (engine !== undefined)
    await examineBounds(
      // Not the one of before: an internal error at the last source would be told of this one, too.
      await workspace.engine(),
      { metadata, head, fieldId: column.id, column: source.eventTime, name },
      report,
    );
}

interface Bounded {
  readonly metadata: TableMetadata;
  readonly head: Snapshot;
  readonly fieldId: number;
  readonly column: string;
  readonly name: string;
}

/** Files without bounds still load, but finding their hours means reading the column. */
async function examineBounds(
  engine: Engine,
  { metadata, head, fieldId, column, name }: Bounded,
  report: Report,
): Promise<void> {
  const manifests = ofData(await liveManifestsOf(engine, head));
  let files = 0n;
  let without = 0n;
  let allNull = 0n;
  for (const specId of new Set(manifests.map((manifest) => manifest.partition_spec_id))) {
    const paths = manifests
      .filter((manifest) => manifest.partition_spec_id === specId)
      .map((manifest) => manifest.manifest_path);
    const [row] = await engine.query<{ files: bigint; without_bounds: bigint; all_null: bigint }>({
      sql: renderStatement('inspect/files_without_bounds'),
      parameters: { manifests: paths, field_id: fieldId },
    });
    files += row?.files ?? 0n;
    allNull += row?.all_null ?? 0n;
    if (!partitionTells(metadata, specId, fieldId)) without += row?.without_bounds ?? 0n;
  }
  // No statistics tell of times that are not there: to ask its writer for them would help nobody.
  if (allNull > 0n)
    report(
      name,
      'warn',
      `in ${plural(allNull, 'file')} of ${files} ${column} is NULL in every row: those rows belong to no hour`,
      `have its writer fill ${column}; a stateless process loads such rows, others count and skip them (nulls: refuse refuses them)`,
    );
  if (without === 0n)
    report(name, 'ok', `${plural(files, 'file')}, event time ${column} known from metadata`);
  else
    report(
      name,
      'warn',
      `${plural(without, 'file')} of ${files} without statistics of ${column}: a plan has to read that column in new ones`,
      `let its writer keep them: table property write.metadata.metrics.column.${column}=full`,
    );
}

/** True when the partition itself says the hour or day of the event time. */
const partitionTells = (metadata: TableMetadata, specId: number, fieldId: number): boolean =>
  metadata['partition-specs']
    .find((each) => each['spec-id'] === specId)
    ?.fields.some(
      (field) => field['source-id'] === fieldId && ['hour', 'day', 'identity'].includes(field.transform),
    ) ?? false;
