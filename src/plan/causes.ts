/**
 * Why each hour and each partition is in a plan: source, snapshot, operation and file. Sources -> causes.
 * Pure.
 */
import { unitOf, unitStarts, type WithGrain } from '../model/grain.ts';
import { type Hour, hoursOf, hourText } from '../model/hour.ts';
import { ascending, intervalsOf } from '../model/hour-sets.ts';
import { tableName } from '../model/names.ts';
import type { PlanCause, PlanHour, PlanUriCauses } from '../model/plan.ts';
import type { SourceWindow } from '../model/process-spec.ts';
import type { ChangedFile, ProcessingUri, SourceState } from '../model/session.ts';

/**
 * At most this many files are named for one hour or partition, and about so many in a whole plan: a first
 * load of a year would name each file hundreds of times.
 */
const CAUSES_EACH = 20;
const CAUSES_OF_A_PLAN = 10_000;

export interface CauseOptions {
  /** Names every file, however many there are. */
  readonly allCauses: boolean;
}

const causesEach = (entries: number, { allCauses }: CauseOptions): number =>
  allCauses
    ? Number.POSITIVE_INFINITY
    : Math.max(1, Math.min(CAUSES_EACH, Math.floor(CAUSES_OF_A_PLAN / Math.max(1, entries))));

/**
 * The hours of a plan with what made each necessary. An hour without a cause of its own is owed, or lies
 * between two that have one. Of days there is an entry for each, by its first hour, with what made any of its
 * hours necessary.
 */
export function describeHours(
  sources: readonly SourceState[],
  hours: readonly Hour[],
  options: CauseOptions & {
    readonly reached?: readonly Hour[];
    readonly restated?: readonly Hour[];
    readonly unchanged?: readonly Hour[];
    readonly empty?: readonly Hour[];
    readonly unit?: WithGrain;
  },
): PlanHour[] {
  const { unit = {} } = options;
  const starts = unitStarts(unit, hours);
  const causes = causesByHour(sources, new Set(hours), { unit, atMost: causesEach(starts.length, options) });
  const owed = owedBy(sources, unit);
  const among = (each: readonly Hour[] = []): ReadonlySet<Hour> => new Set(unitStarts(unit, each));
  const reached = among(options.reached);
  const restated = among(options.restated);
  const unchanged = among(options.unchanged);
  const empty = among(options.empty);
  const without = (hour: Hour): PlanHour['reason'] =>
    restated.has(hour) ? 'restated' : owed.has(hour) ? 'owed' : reached.has(hour) ? 'reached' : 'contiguous';
  return starts.map((hour) => {
    const found = causes.get(hour) ?? { causes: [], count: 0 };
    return {
      hour: hourText(hour),
      causes: found.causes,
      cause_count: found.count,
      owed_by: owed.get(hour) ?? [],
      reason: reasonOf(found) ?? without(hour),
      ...(unchanged.has(hour) ? { unchanged: true as const } : {}),
      ...(empty.has(hour) ? { empty: true as const } : {}),
    };
  });
}

function reasonOf({ causes, count }: Found): PlanHour['reason'] | undefined {
  if (count === 0) return undefined;
  return causes.every(({ change }) => change === 'lookup') ? 'restated' : 'changed';
}

function owedBy(sources: readonly SourceState[], unit: WithGrain): Map<Hour, string[]> {
  const owed = new Map<Hour, string[]>();
  for (const source of sources)
    for (const hour of unitStarts(unit, source.watermark?.owedHours ?? []))
      owed.set(hour, [...(owed.get(hour) ?? []), tableName(source.spec.table)]);
  return owed;
}

interface Found {
  readonly causes: PlanCause[];
  count: number;
}

function causesByHour(
  sources: readonly SourceState[],
  wanted: ReadonlySet<Hour>,
  { unit, atMost }: { readonly unit: WithGrain; readonly atMost: number },
): Map<Hour, Found> {
  const causes = new Map<Hour, Found>();
  for (const source of sources) {
    const restated = (source.restated?.hours ?? []).filter((hour) => wanted.has(hour));
    for (const hour of unitStarts(unit, restated)) addRestated(causes, hour, source, atMost);
    const causeOf = causeMaker(source);
    const { window } = source.spec;
    const reachable = source.matched?.hours === undefined ? wanted : within(wanted, source.matched.hours);
    for (const file of source.files) {
      const cause = causeOf(file);
      if (window === undefined) {
        for (const hour of unitStarts(unit, hoursOfFile(file, wanted))) add(causes, hour, cause, atMost);
        continue;
      }
      for (const [hour, by] of nearestIn(unit, hoursReached(file, reachable, window))) {
        const isOwn = unitOf(unit, by).firstHour === hour;
        add(causes, hour, isOwn ? cause : { ...cause, changed_hour: hourText(by) }, atMost);
      }
    }
  }
  return causes;
}

/** For each unit the change nearest to it. */
function nearestIn(unit: WithGrain, changes: readonly { readonly hour: Hour; readonly by: Hour }[]) {
  const nearest = new Map<Hour, Hour>();
  for (const { hour, by } of changes) {
    const { firstHour, lastHour } = unitOf(unit, hour);
    const away = (each: Hour): number => Math.max(firstHour - each, each - lastHour, 0);
    const known = nearest.get(firstHour);
    if (known === undefined || away(by) < away(known)) nearest.set(firstHour, by);
  }
  return nearest;
}

/** A lookup as a cause is a snapshot as a whole, by the file that lists what it holds. */
function addRestated(
  causes: Map<Hour, Found>,
  hour: Hour,
  { spec, head, changes, manifestLists: [list = ''] }: SourceState,
  atMost: number,
): void {
  const cause: PlanCause = {
    source: tableName(spec.table),
    snapshot_id: String(head?.snapshotId),
    operation: changes.at(-1)?.operation ?? null,
    file: list,
    change: 'lookup',
  };
  add(causes, hour, cause, atMost);
}

const within = (wanted: ReadonlySet<Hour>, hours: readonly Hour[]): ReadonlySet<Hour> =>
  new Set(hours.filter((hour) => wanted.has(hour)));

/**
 * The wanted hours that a file reaches through a window, each with the hour of the file that is nearest to
 * it.
 */
function hoursReached(
  file: ChangedFile,
  wanted: ReadonlySet<Hour>,
  { beforeHours, afterHours }: SourceWindow,
): { readonly hour: Hour; readonly by: Hour }[] {
  const own = ascending([...(file.differingHours ?? []), ...(file.futureHours ?? [])]);
  const spans = [
    ...intervalsOf(own),
    ...(file.differingHours !== undefined || file.firstHour === undefined || file.lastHour === undefined
      ? []
      : [{ firstHour: file.firstHour, lastHour: file.lastHour }]),
  ];
  const found = new Map<Hour, Hour>();
  for (const { firstHour, lastHour } of spans) {
    const [from, to] = [firstHour - afterHours, lastHour + beforeHours];
    const hours = to - from < wanted.size ? hoursOf({ firstHour: from, lastHour: to }) : wanted;
    for (const hour of hours) {
      if (hour < from || hour > to || !wanted.has(hour)) continue;
      const by = Math.min(Math.max(hour, firstHour), lastHour);
      const known = found.get(hour);
      if (known === undefined || Math.abs(by - hour) < Math.abs(known - hour)) found.set(hour, by);
    }
  }
  return [...found].map(([hour, by]) => ({ hour, by }));
}

/** The wanted hours that a file touches; a file that spans more hours than are wanted is walked by those. */
function hoursOfFile(
  { firstHour, lastHour, differingHours, futureHours = [] }: ChangedFile,
  wanted: ReadonlySet<Hour>,
): Hour[] {
  const ahead = futureHours.filter((hour) => wanted.has(hour));
  if (firstHour === undefined || lastHour === undefined) return ahead;
  if (differingHours !== undefined) return [...differingHours.filter((hour) => wanted.has(hour)), ...ahead];
  if (lastHour - firstHour >= wanted.size)
    return [...[...wanted].filter((hour) => hour >= firstHour && hour <= lastHour), ...ahead];
  const hours: Hour[] = [];
  for (let hour = firstHour; hour <= lastHour; hour += 1) if (wanted.has(hour)) hours.push(hour);
  return [...hours, ...ahead];
}

function add<Key>(found: Map<Key, Found>, key: Key, cause: PlanCause, atMost: number): void {
  const entry = found.get(key) ?? { causes: [], count: 0 };
  entry.count += 1;
  if (entry.causes.length < atMost) entry.causes.push(cause);
  found.set(key, entry);
}

function causeMaker(source: SourceState): (file: ChangedFile) => PlanCause {
  const operations = new Map(source.changes.map((change) => [change.snapshotId, change.operation]));
  const table = tableName(source.spec.table);
  return (file) => ({
    source: table,
    snapshot_id: String(file.snapshotId),
    operation: operations.get(file.snapshotId) ?? null,
    file: file.path,
    change: file.status,
  });
}

/** What made each of a source's processing URIs necessary, in their order. */
export function describeUris(
  source: SourceState,
  uris: readonly ProcessingUri[],
  options: CauseOptions,
): PlanUriCauses[] {
  const causeOf = causeMaker(source);
  const found = new Map<string, Found>();
  const atMost = causesEach(uris.length, options);
  for (const file of source.files) add(found, JSON.stringify(file.partition), causeOf(file), atMost);
  return uris.map((uri) => {
    const { causes, count } = found.get(JSON.stringify(uri)) ?? { causes: [], count: 0 };
    return { uri, causes, cause_count: count };
  });
}
