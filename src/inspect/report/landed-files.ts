/**
 * Groups the live files of a table by what added them, which hours they hold and when they landed. Metadata,
 * manifests, and one column of a limited number of files -> groups of files.
 */
import {
  columnOf,
  currentSchema,
  type PartitionTuple,
  partitionTuple,
  type StoredUnit,
  storedUnit,
} from '../../iceberg/event-time.ts';
import { mainSnapshot, operationOf } from '../../iceberg/history.ts';
import { timeFieldOf } from '../../iceberg/partition-hours.ts';
import type { NestedField, PartitionSpec, Snapshot, TableMetadata } from '../../iceberg/table-metadata.ts';
import { type Hour, hourOfMs } from '../../model/hour.ts';
import type { EventTimeUnit } from '../../model/process-spec.ts';
import {
  fileSchemaFragment,
  statement,
  statementFragment,
  storedEventTimeFragment,
} from '../../statements/index.ts';
import { readEachSpec } from '../../tables/read/each-spec.ts';
import { liveManifestsOf, type ManifestRow, ofData } from '../../tables/read/manifest-list.ts';
import type { Workspace } from '../../workspace/open-workspace.ts';
import { type LandingFields, landedHourOf, landingFieldsOf } from './landing-fields.ts';
import type { LandedGroup } from './late-rows.ts';

/** Files whose metadata say the same. */
export interface FileGroup {
  readonly snapshotId: bigint;
  /** The place of that snapshot among all snapshots of the table; undefined if it is expired. */
  readonly place: number | undefined;
  readonly partition: PartitionTuple;
  readonly first: Hour | undefined;
  readonly last: Hour | undefined;
  readonly files: number;
  readonly rows: number;
  readonly bytes: number;
  readonly nullEventTimes: number;
  /** Only for files that span several hours. */
  readonly paths: readonly string[];
  readonly landingFields: LandingFields | undefined;
}

export interface EventColumn {
  readonly field: NestedField;
  readonly unit: StoredUnit;
}

/** Undefined if the table has no such column, or one that holds no time. */
export function eventColumnOf(
  metadata: TableMetadata,
  name: string | undefined,
  declared?: EventTimeUnit,
): EventColumn | undefined {
  const field = name === undefined ? undefined : columnOf(currentSchema(metadata), name);
  const unit = storedUnit(field?.type, declared);
  return field === undefined || unit === undefined ? undefined : { field, unit };
}

/** At most this many manifests of a table are read, the newest ones. */
const MANIFESTS_MAX = 2000;

/**
 * Groups the live data files, beginning with the newest manifests if there are very many. `sinceMs`: only of
 * snapshots that were committed from then on, as far as those are known.
 */
export async function fileGroupsOf(
  workspace: Workspace,
  metadata: TableMetadata,
  column: EventColumn,
  sinceMs: number | undefined,
): Promise<FileGroup[]> {
  const head = mainSnapshot(metadata);
  if (head === undefined) return [];
  const engine = await workspace.engine();
  const snapshots = snapshotsById(metadata);
  const isRecent = (id: bigint | null): boolean =>
    sinceMs === undefined || (snapshots.get(id ?? -1n)?.['timestamp-ms'] ?? 0) >= sinceMs;
  const manifests = ofData(await liveManifestsOf(engine, head))
    .filter(({ added_snapshot_id: id }) => isRecent(id))
    .toSorted((left, right) => Number(right.sequence_number - left.sequence_number))
    .slice(0, MANIFESTS_MAX);
  const groups = await readEachSpec(metadata, manifests, (paths, spec) =>
    readGroups(workspace, paths, { metadata, column, spec, manifests }),
  );
  return groups.filter(({ snapshotId }) => isRecent(snapshotId));
}

const snapshotsById = ({ snapshots = [] }: TableMetadata): ReadonlyMap<bigint, Snapshot> =>
  new Map(snapshots.map((snapshot) => [snapshot['snapshot-id'], snapshot]));

async function readGroups(
  workspace: Workspace,
  paths: readonly string[],
  {
    metadata,
    column: { field, unit },
    spec,
    manifests,
  }: {
    readonly metadata: TableMetadata;
    readonly column: EventColumn;
    readonly spec: PartitionSpec | undefined;
    readonly manifests: readonly ManifestRow[];
  },
): Promise<FileGroup[]> {
  const engine = await workspace.engine();
  const addedBy = new Map(manifests.map((each) => [each.manifest_path, each.added_snapshot_id]));
  const landingFields = landingFieldsOf(metadata, spec, field.id);
  const places = new Map((metadata.snapshots ?? []).map((each, place) => [each['snapshot-id'], place]));
  const rows = await engine.query(statement('inspect/landed_files'), {
    manifests: paths,
    field_id: field.id,
    unit,
    type: String(field.type),
    ...timeFieldOf(spec, field.id),
  });
  return rows.map((row) => {
    const snapshotId = row.snapshot_id ?? addedBy.get(row.manifest_path) ?? -1n;
    return {
      snapshotId,
      place: places.get(snapshotId),
      partition: partitionTuple(row.partition, spec),
      first: row.first_hour ?? undefined,
      last: row.last_hour ?? undefined,
      files: Number(row.files),
      rows: Number(row.rows),
      bytes: Number(row.bytes),
      nullEventTimes: Number(row.null_event_times),
      paths: row.paths ?? [],
      landingFields,
    };
  });
}

/** When the rows of a table landed, and how that is known. */
export interface Landings {
  readonly by: 'commits' | 'partitions';
  readonly fields: readonly string[];
  readonly hourOf: (group: FileGroup) => Hour | undefined;
  readonly filledFromHistory: boolean;
}

/** A commit this long after the hours of its rows is taken to bring history. */
const HISTORY_HOURS = 30 * 24;
/** If a partition says when its rows landed, a commit this much later was a replay. */
const REPLAY_HOURS = 24;

/**
 * Decides what says when rows landed: commits, unless most were made long after the hours of landing in the
 * partitions. Then somebody copied or replayed the table, and the partitions tell it.
 */
export function landingsOf(metadata: TableMetadata, groups: readonly FileGroup[]): Landings {
  const snapshots = snapshotsById(metadata);
  const committed = ({ snapshotId }: FileGroup): Hour | undefined => {
    const snapshot = snapshots.get(snapshotId);
    // Rows that a compaction rewrote had landed before it.
    if (snapshot === undefined || operationOf(snapshot) === 'replace') return undefined;
    return hourOfMs(snapshot['timestamp-ms']);
  };
  const stated = ({ partition, landingFields }: FileGroup): Hour | undefined =>
    landingFields === undefined ? undefined : landedHourOf(partition, landingFields);
  const rowsWhere = (test: (group: FileGroup) => boolean): number =>
    groups.reduce((sum, group) => sum + (test(group) ? group.rows : 0), 0);
  const total = rowsWhere(() => true);
  const saying = rowsWhere((group) => stated(group) !== undefined);
  const atOnce = rowsWhere((group) => {
    const [landed, hour] = [committed(group), stated(group)];
    return landed !== undefined && hour !== undefined && Math.abs(landed - hour) <= REPLAY_HOURS;
  });
  if (saying > total / 2 && atOnce < saying / 2) {
    const fields = groups.find(({ landingFields }) => landingFields !== undefined)?.landingFields;
    return {
      by: 'partitions',
      fields: fields?.columns ?? [],
      hourOf: stated,
      filledFromHistory: false,
    };
  }
  const old = rowsWhere((group) => {
    const landed = committed(group);
    return landed !== undefined && group.last !== undefined && landed - group.last > HISTORY_HOURS;
  });
  return { by: 'commits', fields: [], hourOf: committed, filledFromHistory: old > total / 2 };
}

/** Limits how many files have their event-time column read for a report, over all tables. */
export interface CountBudget {
  files: number;
}

/**
 * Converts the groups to what lateness takes; counts files of several hours while the budget lasts, newest
 * first.
 */
export async function landedGroups(
  workspace: Workspace,
  groups: readonly FileGroup[],
  {
    column,
    landings,
    budget,
  }: { readonly column: EventColumn; readonly landings: Landings; readonly budget: CountBudget },
): Promise<LandedGroup[]> {
  const toCount: FileGroup[] = [];
  for (const group of groups) {
    if (group.paths.length === 0 || group.paths.length > budget.files) continue;
    toCount.push(group);
    budget.files -= group.paths.length;
  }
  const counted = await countRows(
    workspace,
    toCount.flatMap(({ paths }) => paths),
    column,
  );
  return groups.flatMap((group) => asLanded(group, landings.hourOf(group), counted));
}

type HoursByPath = ReadonlyMap<string, ReadonlyMap<Hour, number>>;

function asLanded(group: FileGroup, landed: Hour | undefined, byPath: HoursByPath): LandedGroup[] {
  const { first, last, rows, bytes, nullEventTimes, paths, place } = group;
  const dated = Math.max(0, rows - nullEventTimes);
  const undated = nullEventTimes === 0 ? [] : [{ landed, place, rows: Math.min(rows, nullEventTimes) }];
  if (first === undefined || last === undefined) return [{ landed, place, rows }];
  const counted = new Map<Hour, number>();
  for (const path of paths)
    for (const [hour, count] of byPath.get(path) ?? []) counted.set(hour, (counted.get(hour) ?? 0) + count);
  const sum = [...counted.values()].reduce((all, count) => all + count, 0);
  const isWithin = [...counted.keys()].every((hour) => hour >= first && hour <= last);
  // Files without field ids, or with other rows than the manifest says: only the bounds can be used.
  const isRight = paths.length > 0 && sum === dated && isWithin;
  const known = { landed, place, rows: dated, bytes, first, last };
  return [isRight ? { ...known, counted } : known, ...undated];
}

async function countRows(
  workspace: Workspace,
  files: readonly string[],
  { field, unit }: EventColumn,
): Promise<HoursByPath> {
  const byPath = new Map<string, Map<Hour, number>>();
  const schema = fileSchemaFragment([field]);
  if (files.length === 0 || schema === undefined) return byPath;
  const engine = await workspace.engine();
  const rows = await engine.query(
    statement('changes/scan_event_hours', {
      stored_event_time: storedEventTimeFragment(field.name, unit, field.type),
      options: statementFragment(`schema = ${schema.sql}`),
    }),
    { files, unit },
  );
  for (const { path, first_hour: hour, rows: count } of rows) {
    const hours = byPath.get(path) ?? new Map<Hour, number>();
    if (hour !== null) hours.set(hour, (hours.get(hour) ?? 0) + Number(count));
    byPath.set(path, hours);
  }
  return byPath;
}
