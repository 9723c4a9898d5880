/** Computes how late the rows of each source came. Workspace -> ReportedSource[]. Each table is read once. */
import { timeFieldOf } from '../../iceberg/partition-hours.ts';
import type { TableMetadata } from '../../iceberg/table-metadata.ts';
import { type Hour, hoursOf } from '../../model/hour.ts';
import { type TableIdentifier, tableKey, tableName } from '../../model/names.ts';
import type { EventTimeUnit, ProcessSpec } from '../../model/process-spec.ts';
import type { ReportedSource } from '../../report/page/report-document.ts';
import type { Workspace } from '../../workspace/open-workspace.ts';
import {
  type CountBudget,
  type EventColumn,
  eventColumnOf,
  type FileGroup,
  fileGroupsOf,
  type Landings,
  landedGroups,
  landingsOf,
} from './landed-files.ts';
import { type LandedGroup, type Lateness, latenessOf } from './late-rows.ts';
import type { ReportParts } from './report-parts.ts';

/** A table, and the column by which its rows have a time. */
interface TimedTable {
  readonly table: TableIdentifier;
  readonly eventTime?: string;
  readonly eventTimeUnit?: EventTimeUnit;
  /** Set for a folder of files, which has no metadata. */
  readonly files?: unknown;
}

export interface CountedTable {
  readonly groups: readonly LandedGroup[];
  /** The place of a snapshot among all of the table; undefined if it is expired. */
  readonly placeOf: (snapshotId: bigint) => number | undefined;
}

export interface LandingsOfTables {
  /** Undefined if the table or its event time does not exist. */
  lateness(source: TimedTable): Promise<(Lateness & { readonly landings: Landings }) | undefined>;
  counted(source: TimedTable): Promise<CountedTable | undefined>;
  /** Hours of the live files of a table, by the snapshot that added them. */
  liveHours(table: TimedTable): Promise<ReadonlyMap<bigint, ReadonlySet<Hour>>>;
  /** The partition field that holds the hour of its event time. */
  hourField(source: TimedTable): Promise<string | undefined>;
}

/** At most this many files have their event-time column read for a report: 1,500 small ones took 0.5 s. */
const FILES_COUNTED_MAX = 1500;

interface FilesOfTable {
  readonly metadata: TableMetadata;
  readonly column: EventColumn;
  readonly groups: readonly FileGroup[];
}

export function landingsOfTables(
  workspace: Workspace,
  parts: ReportParts,
  sinceMs: number | undefined,
): LandingsOfTables {
  const budget: CountBudget = { files: FILES_COUNTED_MAX };
  const files = keptByTable((source) => filesOfTable(workspace, parts, { source, sinceMs }));
  const landed = keptByTable(async (source) => {
    const found = await files(source);
    if (found === undefined || found.groups.length === 0) return undefined;
    return landedOf(workspace, parts, { source, found, budget });
  });
  return {
    async lateness(source) {
      const found = await landed(source);
      return found === undefined ? undefined : { ...found.lateness, landings: found.landings };
    },
    async counted(source) {
      const found = await landed(source);
      if (found === undefined) return undefined;
      const snapshots = (await files(source))?.metadata.snapshots ?? [];
      const places = new Map(snapshots.map((each, place) => [each['snapshot-id'], place]));
      return { groups: found.landed, placeOf: (id) => places.get(id) };
    },
    liveHours: async (table) => hoursBySnapshot((await files(table))?.groups ?? []),
    async hourField(source) {
      const found = await files(source);
      if (found === undefined) return undefined;
      const { metadata, column } = found;
      const spec = metadata['partition-specs'].find(
        (each) => each['spec-id'] === metadata['default-spec-id'],
      );
      const { partition_position: position, partition_transform: transform } = timeFieldOf(
        spec,
        column.field.id,
      );
      return transform === 'hour' ? spec?.fields[position - 1]?.name : undefined;
    },
  };
}

/** Does `work` only once for each table and column. */
function keptByTable<T>(work: (source: TimedTable) => Promise<T>): (source: TimedTable) => Promise<T> {
  const kept = new Map<string, Promise<T>>();
  return (source) => {
    const key = `${tableKey(source.table)} ${source.eventTime?.toLowerCase() ?? ''}`;
    const found = kept.get(key) ?? work(source);
    kept.set(key, found);
    return found;
  };
}

const filesOfTable = (
  workspace: Workspace,
  parts: ReportParts,
  { source, sinceMs }: { readonly source: TimedTable; readonly sinceMs: number | undefined },
): Promise<FilesOfTable | undefined> =>
  parts.attempt(
    tableName(source.table),
    async () => {
      if (source.files !== undefined || source.eventTime === undefined) return undefined;
      const metadata = (await workspace.client.loadTableToRead(source.table))?.metadata;
      const column =
        metadata === undefined ? undefined : eventColumnOf(metadata, source.eventTime, source.eventTimeUnit);
      if (metadata === undefined || column === undefined) return undefined;
      return { metadata, column, groups: await fileGroupsOf(workspace, metadata, column, sinceMs) };
    },
    undefined,
  );

async function landedOf(
  workspace: Workspace,
  parts: ReportParts,
  {
    source,
    found: { metadata, column, groups },
    budget,
  }: { readonly source: TimedTable; readonly found: FilesOfTable; readonly budget: CountBudget },
): Promise<{
  readonly landings: Landings;
  readonly lateness: Lateness;
  readonly landed: readonly LandedGroup[];
}> {
  const landings = landingsOf(metadata, groups);
  const rows = (limit: CountBudget): ReturnType<typeof landedGroups> =>
    landedGroups(workspace, groups, { column, landings, budget: limit });
  // If a data file is gone, what its manifest says has to do.
  const landed =
    (await parts.attempt(tableName(source.table), () => rows(budget), undefined)) ??
    (await rows({ files: 0 }));
  return { landings, lateness: latenessOf(landed), landed };
}

function hoursBySnapshot(groups: readonly FileGroup[]): Map<bigint, Set<Hour>> {
  const bySnapshot = new Map<bigint, Set<Hour>>();
  for (const { snapshotId, first, last } of groups) {
    if (first === undefined || last === undefined) continue;
    const hours = bySnapshot.get(snapshotId) ?? new Set<Hour>();
    // A file that spans many hours says little about those in between.
    for (const hour of last - first > 48 ? [first, last] : hoursOf({ firstHour: first, lastHour: last }))
      hours.add(hour);
    bySnapshot.set(snapshotId, hours);
  }
  return bySnapshot;
}

/**
 * Lists each source of events once for each column by which it is read; sources that no process writes come
 * first.
 */
export async function reportedSources(
  landings: LandingsOfTables,
  specs: readonly ProcessSpec[],
): Promise<ReportedSource[]> {
  const readBy = new Map<
    string,
    { readonly source: TimedTable & { eventTime: string }; readonly names: string[] }
  >();
  for (const spec of specs)
    for (const source of spec.sources) {
      const { eventTime, lookup } = source;
      if (eventTime === undefined || lookup !== undefined) continue;
      const key = `${tableKey(source.table)} ${eventTime.toLowerCase()}`;
      const known = readBy.get(key) ?? { source: { ...source, eventTime }, names: [] };
      known.names.push(spec.processName);
      readBy.set(key, known);
    }
  const makers = new Map(specs.map((spec) => [tableKey(spec.target.table), spec.processName]));
  const reported: ReportedSource[] = [];
  for (const { source, names } of readBy.values()) {
    const found = await landings.lateness(source);
    if (found === undefined) continue;
    const { landings: landed, ...lateness } = found;
    reported.push({
      table: tableName(source.table),
      event_time: source.eventTime,
      made_by: makers.get(tableKey(source.table)) ?? null,
      read_by: names,
      landed_by: landed.by,
      landed_fields: landed.fields,
      filled_from_history: landed.filledFromHistory,
      ...lateness,
    });
  }
  return [
    ...reported.filter(({ made_by: maker }) => maker === null),
    ...reported.filter(({ made_by: maker }) => maker !== null),
  ];
}
