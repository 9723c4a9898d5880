/** Describes one source for a plan. SourceState -> PlanSource. Pure. */

import { folderName } from '../model/files-source.ts';
import { floatColumns } from '../model/float-columns.ts';
import { type Hour, hourText, instantText } from '../model/hour.ts';
import { futureHours, spanOf, touchedHours } from '../model/hour-sets.ts';
import { tableName } from '../model/names.ts';
import type {
  PlanChange,
  PlanPosition,
  PlanRead,
  PlanSource,
  PlanWindow,
  PlanWindowKeys,
} from '../model/plan.ts';
import type { SourceWindow } from '../model/process-spec.ts';
import type {
  BoundsFrom,
  ChangedFile,
  KeyMatch,
  ProcessingUri,
  SnapshotChange,
  SourcePosition,
  SourceState,
} from '../model/session.ts';
import { type CauseOptions, describeUris } from './causes.ts';

const positionJson = (position: SourcePosition | undefined): PlanPosition | null =>
  position === undefined
    ? null
    : {
        table_uuid: position.tableUuid,
        snapshot_id: String(position.snapshotId),
        sequence_number: String(position.sequenceNumber),
        committed_at: instantText(position.committedAtMs),
      };

/** Null where there is none. */
export const hourJson = (hour: Hour | undefined): string | null =>
  hour === undefined ? null : hourText(hour);

const keysJson = (match: KeyMatch): PlanWindowKeys => ({
  keys: match.keys,
  candidate_hours: match.candidateHours,
  hours: match.matchedHours,
  all_hours_because: match.fallback ?? null,
  files: match.files,
  bytes: String(match.bytes),
});

const windowJson = (window: SourceWindow | undefined): PlanWindow | null =>
  window === undefined
    ? null
    : {
        before_hours: window.beforeHours,
        after_hours: window.afterHours,
        key: window.key ?? null,
      };

/** The parts of a plan's source that only lookups have. */
function lookupJson({ spec, watermark, changes, detectedBy, restated }: SourceState): LookupFacts {
  if (spec.lookup === undefined) return {};
  const counted = changes.filter((change) => change.counted).length;
  return {
    lookup: true,
    on_change: spec.lookup.onChange,
    lookup_change:
      watermark === undefined || counted === 0
        ? null
        : {
            since: instantText(watermark.committedAtMs),
            snapshots: detectedBy === 'snapshots' || detectedBy === 'rewound' ? counted : null,
          },
    ...(restated === undefined ? {} : { restated: keysJson(restated) }),
  };
}

type LookupFacts = Pick<PlanSource, 'lookup' | 'on_change' | 'lookup_change' | 'restated'>;

const changeJson = (change: SnapshotChange): PlanChange => ({
  snapshot_id: String(change.snapshotId),
  operation: change.operation,
  committed_at: instantText(change.committedAtMs),
  counted: change.counted,
  reason: change.reason ?? null,
  added_files: change.addedFiles,
  removed_files: change.removedFiles,
  added_rows: String(change.addedRows),
  removed_rows: String(change.removedRows),
});

type AddedFacts = Pick<
  PlanSource,
  'rows' | 'files' | 'bytes' | 'null_event_times' | 'future_rows' | 'future_hours'
>;

/** What the added files hold. */
function addedJson({ files }: SourceState): AddedFacts {
  const added = files.filter((file) => file.status === 'added');
  const sumOf = (count: (file: ChangedFile) => bigint): string =>
    String(added.reduce((sum, file) => sum + count(file), 0n));
  return {
    rows: sumOf((file) => file.rows),
    files: added.length,
    bytes: sumOf((file) => file.bytes),
    null_event_times: sumOf((file) => file.nullEventTimes),
    future_rows: sumOf((file) => file.futureRows ?? 0n),
    future_hours: futureHours(added).map(hourText),
  };
}

type KeptFacts = Pick<
  PlanSource,
  'total_records' | 'added_records' | 'event_time_id' | 'window_key_id' | 'schema_id'
>;

/** Facts that are kept with the watermark, for a later session to check. */
const keptJson = (source: SourceState): KeptFacts => ({
  total_records: source.totalRecords === undefined ? null : String(source.totalRecords),
  ...(source.addedRecords === undefined ? {} : { added_records: String(source.addedRecords) }),
  ...(source.eventTimeId === undefined ? {} : { event_time_id: source.eventTimeId }),
  ...(source.windowKeyId === undefined ? {} : { window_key_id: source.windowKeyId }),
  ...(source.schemaId === undefined ? {} : { schema_id: source.schemaId }),
});

function floatsJson({ columns = [] }: SourceState): Pick<PlanSource, 'float_columns'> {
  const floats = floatColumns(columns);
  return floats.length === 0 ? {} : { float_columns: floats };
}

/** One source as the plan shows it. `owed`: its changed hours that this session does not load. */
export function describeSource(
  source: SourceState,
  options: CauseOptions & { readonly read: PlanRead; readonly owed: readonly Hour[] },
): PlanSource {
  const span = spanOf(touchedHours(source.files));
  const uris = processingUris(source);
  return {
    table: tableName(source.spec.table),
    alias: source.spec.alias,
    ...(source.spec.files === undefined ? {} : { files_glob: folderName(source.spec.files.globs) }),
    ...lookupJson(source),
    ...floatsJson(source),
    event_time: source.spec.eventTime ?? null,
    event_time_type: source.eventTimeType ?? null,
    event_time_unit: source.eventTimeUnit ?? null,
    window: windowJson(source.spec.window),
    watermark: positionJson(source.watermark),
    start: positionJson(source.start),
    protect: source.spec.protect,
    protected_snapshot_id:
      source.protectedSnapshotId === undefined ? null : String(source.protectedSnapshotId),
    head: positionJson(source.head),
    detected_by: source.detectedBy,
    changes: source.changes.map(changeJson),
    processing_uris: uris,
    processing_uri_causes: describeUris(source, uris, options),
    first_hour: hourJson(span?.firstHour),
    last_hour: hourJson(span?.lastHour),
    vtts_hour: hourJson(source.vttsHour),
    newest_hour: hourJson(source.newestHour),
    bounds_from: weakestBounds(source),
    ...addedJson(source),
    read: options.read,
    ...keptJson(source),
    ...((source.matched?.candidateHours ?? 0) === 0
      ? {}
      : { window_keys: keysJson(source.matched as KeyMatch) }),
    owed_hours: options.owed.map(hourText),
  };
}

/** The changed partitions, each once, in the order of their values; a source without partitions has none. */
function processingUris(source: SourceState): ProcessingUri[] {
  const byText = new Map<string, ProcessingUri>();
  for (const { partition } of source.files) {
    const text = JSON.stringify(partition);
    if (text !== '{}') byText.set(text, partition);
  }
  return [...byText.values()].sort(comparePartitions);
}

function comparePartitions(left: ProcessingUri, right: ProcessingUri): number {
  for (const key of Object.keys(left)) {
    const [a, b] = [left[key] ?? null, right[key] ?? null];
    if (a === b) continue;
    if (a === null) return -1;
    if (b === null) return 1;
    return typeof a === 'number' && typeof b === 'number' ? a - b : String(a) < String(b) ? -1 : 1;
  }
  return 0;
}

/** The weakest source of bounds that was needed: `scan` when any file had to be read. */
function weakestBounds(source: SourceState): BoundsFrom | null {
  const used = new Set(source.files.map((file) => file.boundsFrom));
  return (['scan', 'partition', 'manifest'] as const).find((bounds) => used.has(bounds)) ?? null;
}
