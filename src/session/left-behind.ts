/**
 * Finds what processes that are gone had not loaded into a target yet. Target metadata + sources -> hours. A
 * process that adopts the target would otherwise count them as loaded, and nobody would ever load them.
 */
import type { TableMetadata } from '../iceberg/table-metadata.ts';
import type { Hour } from '../model/hour.ts';
import { union } from '../model/hour-sets.ts';
import { tableName } from '../model/names.ts';
import type { ProjectSpec } from '../model/process-spec.ts';
import type { SourceState, Watermark } from '../model/session.ts';
import { leftText, notedLeft } from '../state/noted-left.ts';
import {
  hasLeft,
  namesSaid,
  type ProcessProgress,
  progressOfAll,
  progressOfRetired,
  unsettled,
  watermarkFor,
} from '../state/process-progress.ts';
import { copiedProgress } from '../state/read-watermark-table.ts';
import { lastSessionEver, leftProperty } from '../state/target-properties.ts';
import { namesInProperties } from '../state/target-publishers.ts';
import type { OpenSessionInput } from './session-input.ts';

/** How far a process had come that goes on no more. */
export interface LeftBehind {
  readonly processName: string;
  /** With the watermarks of those sources alone with which no other process has gone on since. */
  readonly progress: ProcessProgress;
  /** False for one that was only removed from the project. */
  readonly isRetired: boolean;
}

/** What processes have left that were retired, or are in the project no more. */
function leftBehind(target: TableMetadata, project: ProjectSpec): LeftBehind[] {
  const known = new Set(project.processes.map((each) => each.processName));
  const removed = progressOfAll(target).filter(({ processName }) => !known.has(processName));
  return [
    ...removed.map((each) => ({ ...each, progress: unsettled(each), isRetired: false })),
    ...progressOfRetired(target).map((each) => ({ ...each, progress: unsettled(each), isRetired: true })),
  ].filter(({ progress }) => hasLeft(progress));
}

/** What is known of other processes of a target besides the snapshots on `main`. */
export interface LeftOnTarget {
  /** Of processes that are gone; see {@link leftBehind}. */
  readonly gone: readonly LeftBehind[];
  /** Of processes of the project of which the watermark table alone tells. */
  readonly others: readonly LeftBehind[];
  /** Names that have published to the target, of which nothing tells any more how far they came. */
  readonly unknown: readonly string[];
}

type LeftInput = Pick<OpenSessionInput, 'spec' | 'project' | 'catalog' | 'engine'>;

/**
 * What all processes but that of the input have left. Where the target's snapshots do not tell it any more, a
 * property does, else the watermark table. DuckDB is started for that table alone.
 */
export async function leftOnTarget(input: LeftInput, target: TableMetadata): Promise<LeftOnTarget> {
  const { spec, project } = input;
  const known = new Set(project.processes.map((each) => each.processName));
  const gone = [...leftBehind(target, project)];
  const others: LeftBehind[] = [];
  const unknown: string[] = [];
  const said = namesSaid(target);
  const noted = notedLeft(target).filter(({ processName }) => !said.has(processName));
  for (const { processName, progress, settled, ...each } of noted) {
    if (progress === undefined) unknown.push(processName);
    else if (each.isRetired || !known.has(processName))
      gone.push({ processName, progress: unsettled({ progress, settled }), ...each });
  }
  const isNoted = new Set(noted.map((each) => each.processName));
  for (const processName of namesInProperties(target)) {
    if (said.has(processName) || isNoted.has(processName) || processName === spec.processName) continue;
    const progress = await copiedProgress(input, {
      highWaterMarkTable: project.tables.highWaterMarkTable,
      processName,
      target,
      targetName: tableName(spec.target.table),
      isAdopted: true,
    });
    if (progress === undefined) unknown.push(processName);
    else (known.has(processName) ? others : gone).push({ processName, progress, isRetired: false });
  }
  return { gone: gone.filter(({ progress }) => hasLeft(progress)), others, unknown };
}

/** How far a process has read a source. */
export interface ReadPlace {
  readonly watermark: Watermark;
  /** True if it has gone on without that source since: rows that it made from then on lack those of it. */
  readonly isFormer: boolean;
}

/** Undefined when it never read it. */
export function readUpTo(progress: ProcessProgress, { spec, head }: SourceState): ReadPlace | undefined {
  const table = { name: tableName(spec.table), tableUuid: head?.tableUuid };
  const watermark = watermarkFor(progress, table);
  if (watermark !== undefined) return { watermark, isFormer: false };
  const former = watermarkFor({ watermarks: progress.former ?? [] }, table);
  return former === undefined ? undefined : { watermark: former, isFormer: true };
}

/** The hours that processes which are gone owed to a source when they ended. */
export const owedBy = (left: readonly LeftBehind[], source: SourceState): Hour[] =>
  union(left.map(({ progress }) => readUpTo(progress, source)?.watermark.owedHours ?? []));

/**
 * With what an adoption goes on: process -> names of its sources, for `SUMMARY.settled`. A source that one
 * process alone had left is settled, whatever the place: its owed hours are owed by the adoption, and the
 * place says what is in the target. Of several, each may have loaded rows of its own (`existing_rows: keep`),
 * and nobody can tell in whose place the new one stands. So none of them is settled: the next adoption is
 * refused once too often, which loses and doubles nothing. Nor is what a process of that name left: what the
 * adoption says stands in place of it.
 */
export function settledBy(
  left: readonly LeftBehind[],
  processName: string,
  sources: readonly SourceState[],
): Readonly<Record<string, readonly string[]>> {
  const settled: Record<string, string[]> = {};
  for (const source of sources) {
    // Without a head the adoption has no watermark of the source either.
    const found = source.head === undefined ? [] : left.filter((each) => readUpTo(each.progress, source));
    const [only] = found;
    if (only === undefined || found.length > 1 || only.processName === processName) continue;
    const { table } = (readUpTo(only.progress, source) as ReadPlace).watermark;
    settled[only.processName] = [...(settled[only.processName] ?? []), table];
  }
  return settled;
}

/**
 * The properties by which a target knows what is left of processes once their snapshots are gone: of those
 * that an adoption settles, and of those of which nothing was known (whoever adopts has said where it goes
 * on, so they have left nothing).
 */
export function notesOf(
  target: TableMetadata,
  { gone, unknown }: LeftOnTarget,
  settled: Readonly<Record<string, readonly string[]>>,
): Readonly<Record<string, string>> {
  const known = gone.flatMap(({ processName, progress }) => {
    const tables = settled[processName];
    return tables === undefined ? [] : [{ processName, progress, tables }];
  });
  const nothing = unknown.map((processName) => ({ processName, progress: { watermarks: [] }, tables: [] }));
  return Object.fromEntries(
    [...known, ...nothing].map(({ processName, progress, tables }) => [
      leftProperty(processName),
      leftText(target, { progress, settled: tables, lastSession: lastSessionEver(target, processName) }),
    ]),
  );
}
