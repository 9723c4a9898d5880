/** Checks one source of a process. Process + source + metadata -> Check[]. Reads only. */
import type { Engine } from '../engine/index.ts';
import { columnOf, currentSchema, storedUnit } from '../iceberg/event-time.ts';
import { mainSnapshot, snapshotById } from '../iceberg/history.ts';
import type { Snapshot, TableMetadata } from '../iceberg/table-metadata.ts';
import { listFiles } from '../landing/list-files.ts';
import type { FilesSpec } from '../model/files-source.ts';
import { protectionTag, tableName } from '../model/names.ts';
import type { ProcessSpec, SourceSpec } from '../model/process-spec.ts';
import type { Watermark } from '../model/session.ts';
import { producerOf } from '../project/dependency-order.ts';
import type { Report } from '../report/doctor.ts';
import { plural } from '../report/text.ts';
import { type ProcessProgress, watermarkFor } from '../state/process-progress.ts';
import { liveRows } from '../state/target-publishers.ts';
import { statement } from '../statements/index.ts';
import { liveManifestsOf, ofData } from '../tables/read/manifest-list.ts';
import type { Workspace } from '../workspace/open-workspace.ts';

/** The name under which a check of a source is reported. */
export const nameOf = (spec: ProcessSpec, source: SourceSpec): string =>
  `${spec.processName} < ${tableName(source.table)}`;

export interface Examined {
  readonly workspace: Workspace;
  readonly spec: ProcessSpec;
  readonly source: SourceSpec;
  readonly progress: ProcessProgress | undefined;
  readonly engine: Engine | undefined;
}

/** Checks whether the source can be read, and what will cost time or rows later. */
export async function examineSource(examined: Examined, report: Report): Promise<void> {
  const { workspace, spec, source, progress } = examined;
  const name = nameOf(spec, source);
  if (source.files !== undefined) return examineFolder(examined, source.files, report);
  const metadata = (await workspace.client.loadTableToRead(source.table))?.metadata;
  if (metadata === undefined) {
    reportMissing(examined, report);
    return;
  }
  const watermark = watermarkFor(progress, {
    name: tableName(source.table),
    tableUuid: metadata['table-uuid'],
  });
  if (source.lookup !== undefined) {
    reportLookup(examined, metadata, report);
    return;
  }
  if (watermark !== undefined && !isStillThere(examined, { metadata, watermark }, report)) return;
  const head = mainSnapshot(metadata);
  if (head === undefined) {
    report(name, 'ok', 'has no rows yet');
    return;
  }
  if (watermark !== undefined) examineTag(examined, { metadata, watermark }, report);
  if (source.eventTime === undefined)
    report(name, 'ok', 'has no event-time column: its new files are loaded as they come');
  else await examineEventTime(examined, { metadata, head, column: source.eventTime }, report);
}

async function examineFolder(
  { workspace, spec, source, engine }: Examined,
  files: FilesSpec,
  report: Report,
): Promise<void> {
  if (engine === undefined) return;
  const name = nameOf(spec, source);
  const listed = await listFiles(engine, files, workspace.now());
  if (listed.length > 0) report(name, 'ok', `${plural(listed.length, 'file')}, each loaded once`);
  else
    report(
      name,
      'warn',
      'no file matches',
      `put files there, or correct files: in ${spec.file}; paths are relative to ${files.root}`,
    );
}

/** Reports on a lookup, which is read whole, whatever became of its history. */
function reportLookup({ spec, source }: Examined, metadata: TableMetadata, report: Report): void {
  const head = mainSnapshot(metadata);
  const rows = head === undefined ? undefined : liveRows(head);
  const { key } = source.lookup ?? {};
  if (key !== undefined && columnOf(currentSchema(metadata), key) === undefined)
    report(
      nameOf(spec, source),
      'fail',
      `has no column '${key}', its key`,
      `correct key, or remove it, in ${spec.file}`,
    );
  else
    report(
      nameOf(spec, source),
      'ok',
      head === undefined
        ? 'a lookup without rows yet'
        : `a lookup${rows === undefined ? '' : ` of ${plural(rows, 'row')}`}, read whole`,
    );
}

function reportMissing({ workspace, spec, source }: Examined, report: Report): void {
  const name = nameOf(spec, source);
  const producer = producerOf(workspace.project, source.table);
  if (producer !== undefined) report(name, 'ok', `does not exist yet; ${producer.processName} writes it`);
  else
    report(
      name,
      'fail',
      'the table does not exist',
      `create ${tableName(source.table)}, or name an existing one in ${spec.file}`,
    );
}

interface Watched {
  readonly metadata: TableMetadata;
  readonly watermark: Watermark;
}

/** Whether the next session can go on from the watermark; if it cannot, further checks would say nothing. */
function isStillThere({ spec, source }: Examined, { metadata, watermark }: Watched, report: Report): boolean {
  const name = nameOf(spec, source);
  if (watermark.tableUuid !== metadata['table-uuid']) {
    report(
      name,
      'fail',
      'the table was dropped and created again since the last session',
      `rebuild ${tableName(spec.target.table)} from the new source: drop it and run again`,
    );
    return false;
  }
  if (snapshotById(metadata, watermark.snapshotId) !== undefined) return true;
  report(
    name,
    'warn',
    `the snapshot of the watermark (${watermark.snapshotId}) was expired: changes are found from live files, and removals cannot be seen`,
    'keep snapshots longer than the longest pause between two sessions',
  );
  return false;
}

/** Checks the tag that keeps the snapshot of the watermark from being expired. */
function examineTag({ spec, source }: Examined, { metadata, watermark }: Watched, report: Report): void {
  const tag = protectionTag(spec.processName);
  if (metadata.refs?.[tag]?.['snapshot-id'] === watermark.snapshotId) return;
  const mayTag = source.protect
    ? `give psyberg leave to commit to ${tableName(source.table)}`
    : 'leave protect: false out where psyberg may commit to it';
  report(
    nameOf(spec, source),
    'warn',
    `no tag ${tag} keeps the snapshot of the watermark (${watermark.snapshotId}): once it is expired, removals cannot be seen`,
    `${mayTag} (the next run sets the tag), or keep its snapshots longer than the longest pause between two sessions`,
  );
}

async function examineEventTime(
  { workspace, spec, source, engine }: Examined,
  { metadata, head, column }: Pick<Bounded, 'metadata' | 'head' | 'column'>,
  report: Report,
): Promise<void> {
  const name = nameOf(spec, source);
  const field = columnOf(currentSchema(metadata), column);
  if (field === undefined || storedUnit(field.type, source.eventTimeUnit) === undefined)
    report(
      name,
      'fail',
      field === undefined
        ? `has no column '${column}'`
        : `its column '${column}' has the type ${String(field.type)}, which gives no time`,
      `correct event_time (integers need event_time_unit) in ${spec.file}`,
    );
  else if (engine !== undefined)
    await examineBounds(
      // The engine is asked for anew: otherwise an internal error at an earlier source would be reported
      // here, too.
      await workspace.engine(),
      { metadata, head, fieldId: field.id, column, name },
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

/** Counts files without bounds: they still load, but finding their hours means reading the column. */
async function examineBounds(engine: Engine, bounded: Bounded, report: Report): Promise<void> {
  const { column, name } = bounded;
  const { files, without, allNull } = await countFiles(engine, bounded);
  // Reported separately: no statistics can give times that are not there, so the writer is not asked for
  // them.
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

interface FileCounts {
  readonly files: bigint;
  /** Files whose hours neither their statistics nor their partition give. */
  readonly without: bigint;
  /** Files whose column is NULL in every row. */
  readonly allNull: bigint;
}

async function countFiles(engine: Engine, { metadata, head, fieldId }: Bounded): Promise<FileCounts> {
  const manifests = ofData(await liveManifestsOf(engine, head));
  let files = 0n;
  let without = 0n;
  let allNull = 0n;
  for (const specId of new Set(manifests.map((manifest) => manifest.partition_spec_id))) {
    const paths = manifests
      .filter((manifest) => manifest.partition_spec_id === specId)
      .map((manifest) => manifest.manifest_path);
    const [row] = await engine.query(statement('inspect/files_without_bounds'), {
      manifests: paths,
      field_id: fieldId,
    });
    files += row?.files ?? 0n;
    allNull += row?.all_null ?? 0n;
    if (!partitionSays(metadata, specId, fieldId)) without += row?.without_bounds ?? 0n;
  }
  return { files, without, allNull };
}

/** True if the partition itself gives the hour or day of the event time. */
const partitionSays = (metadata: TableMetadata, specId: number, fieldId: number): boolean =>
  metadata['partition-specs']
    .find((each) => each['spec-id'] === specId)
    ?.fields.some(
      (field) => field['source-id'] === fieldId && ['hour', 'day', 'identity'].includes(field.transform),
    ) ?? false;
