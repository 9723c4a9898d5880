/** The parts of a plan that every pattern shares: sources, causes, target. Session -> plan parts. Pure. */

import { auditKind } from '../kinds/audits/index.ts';
import { patternOf } from '../kinds/patterns/index.ts';
import { engineOf } from '../model/engines.ts';
import { folderName } from '../model/files-source.ts';
import { withGrain } from '../model/grain.ts';
import { type Hour, hourText, instantText } from '../model/hour.ts';
import { futureHours, spanOf, touchedHours } from '../model/hour-sets.ts';
import { tableName } from '../model/names.ts';
import type {
  Plan,
  PlanPosition,
  PlanRead,
  PlanSource,
  PlanWindow,
  PlanWindowKeys,
  SessionStatus,
} from '../model/plan.ts';
import type { SourceWindow } from '../model/process-spec.ts';
import type {
  BoundsFrom,
  KeyMatch,
  ProcessingUri,
  Session,
  SourcePosition,
  SourceState,
} from '../model/session.ts';
import { type CauseOptions, describeUris } from './causes.ts';
import { sqlOfSession } from './sql-of-session.ts';

const positionJson = (position: SourcePosition | undefined): PlanPosition | null =>
  position === undefined
    ? null
    : {
        table_uuid: position.tableUuid,
        snapshot_id: String(position.snapshotId),
        sequence_number: String(position.sequenceNumber),
        committed_at: instantText(position.committedAtMs),
      };

const hourJson = (hour: Hour | undefined): string | null => (hour === undefined ? null : hourText(hour));

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

/** What is told of a lookup alone. */
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

/** One source as the plan shows it. `owed`: its changed hours that this session does not load. */
export function describeSource(
  source: SourceState,
  options: CauseOptions & { readonly read: PlanRead; readonly owed: readonly Hour[] },
): PlanSource {
  const span = spanOf(touchedHours(source.files));
  const added = source.files.filter((file) => file.status === 'added');
  const uris = processingUris(source);
  return {
    table: tableName(source.spec.table),
    alias: source.spec.alias,
    ...(source.spec.files === undefined ? {} : { files_glob: folderName(source.spec.files.globs) }),
    ...lookupJson(source),
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
    changes: source.changes.map((change) => ({
      snapshot_id: String(change.snapshotId),
      operation: change.operation,
      committed_at: instantText(change.committedAtMs),
      counted: change.counted,
      reason: change.reason ?? null,
      added_files: change.addedFiles,
      removed_files: change.removedFiles,
      added_rows: String(change.addedRows),
      removed_rows: String(change.removedRows),
    })),
    processing_uris: uris,
    processing_uri_causes: describeUris(source, uris, options),
    first_hour: hourJson(span?.firstHour),
    last_hour: hourJson(span?.lastHour),
    vtts_hour: hourJson(source.vttsHour),
    newest_hour: hourJson(source.newestHour),
    bounds_from: lowestRung(source),
    rows: String(added.reduce((sum, file) => sum + file.rows, 0n)),
    files: added.length,
    bytes: String(added.reduce((sum, file) => sum + file.bytes, 0n)),
    null_event_times: String(added.reduce((sum, file) => sum + file.nullEventTimes, 0n)),
    future_rows: String(added.reduce((sum, file) => sum + (file.futureRows ?? 0n), 0n)),
    future_hours: futureHours(added).map(hourText),
    read: options.read,
    total_records: source.totalRecords === undefined ? null : String(source.totalRecords),
    ...(source.addedRecords === undefined ? {} : { added_records: String(source.addedRecords) }),
    ...(source.eventTimeId === undefined ? {} : { event_time_id: source.eventTimeId }),
    ...(source.windowKeyId === undefined ? {} : { window_key_id: source.windowKeyId }),
    ...(source.schemaId === undefined ? {} : { schema_id: source.schemaId }),
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
function lowestRung(source: SourceState): BoundsFrom | null {
  const rungs = new Set(source.files.map((file) => file.boundsFrom));
  return (['scan', 'partition', 'manifest'] as const).find((rung) => rungs.has(rung)) ?? null;
}

/** Why the session runs. */
const triggerOf = ({ restate }: Session): Pick<Plan, 'trigger' | 'reason' | 'restates_all'> =>
  restate === undefined
    ? { trigger: 'changes' }
    : {
        trigger: 'restate',
        ...(restate.reason === undefined ? {} : { reason: restate.reason }),
        ...(restate.isAll === true ? { restates_all: true } : {}),
      };

type PlanHead = Pick<
  Plan,
  | 'plan_version'
  | 'process_name'
  | 'psyberg_session_id'
  | 'pattern'
  | 'etl_pattern_id'
  | 'status'
  | 'trigger'
  | 'reason'
  | 'restates_all'
  | 'grain'
  | 'warnings'
  | 'process_sha256'
  | 'opened_at'
  | 'variables'
  | 'target'
  | 'sql_changed'
  | 'sql'
>;

/** The parts of a plan that do not depend on the pattern's rules. */
export function planHead(session: Session, status: SessionStatus): PlanHead {
  const { spec, target, restate } = session;
  const { etlPatternId, operation } = patternOf(spec);
  return {
    plan_version: 1,
    process_name: spec.processName,
    psyberg_session_id: session.psybergSessionId,
    pattern: spec.pattern,
    etl_pattern_id: etlPatternId,
    ...(engineOf(spec) === 'duckdb' ? {} : { engine: engineOf(spec) }),
    status,
    ...triggerOf(session),
    ...withGrain(spec),
    // Of the query nothing is known here: who parses it adds them.
    warnings: [],
    process_sha256: spec.sqlSha256,
    ...sqlOfSession(session, status),
    ...(spec.audits.some((audit) => auditKind(audit.kind).readsClock === true) ||
    spec.sources.some(({ files }) => files !== undefined)
      ? { opened_at: new Date(session.openedAtMs).toISOString() }
      : {}),
    ...(spec.variables === undefined
      ? {}
      : {
          variables: Object.fromEntries(
            Object.entries(spec.variables).map(([name, { value }]) => [name, value]),
          ),
        }),
    target: {
      table: tableName(spec.target.table),
      operation: restate?.hours === undefined ? operation : 'overwrite',
      table_uuid: target.tableUuid ?? null,
      base_snapshot_id: target.baseSnapshotId === undefined ? null : String(target.baseSnapshotId),
      exists: target.exists,
      previous_session_id: target.previousSessionId ?? null,
      complete_to_hour: hourJson(target.completeToHour),
      ...(target.announcedToHour === undefined
        ? {}
        : { announced_to_hour: hourJson(target.announcedToHour ?? undefined) }),
      format_version: Math.max(
        2,
        target.formatVersion ?? Number(spec.target.properties['format-version'] ?? 2),
      ),
      event_time:
        target.eventTime === undefined
          ? null
          : { field_id: target.eventTime.fieldId, type: target.eventTime.type, unit: target.eventTime.unit },
      layout: target.layout ?? null,
    },
  };
}
