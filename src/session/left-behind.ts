/**
 * Finds what processes that are gone had not loaded into a target yet. Target metadata + sources -> hours.
 * Pure. A process that adopts the target would otherwise count them as loaded, and nobody would ever load
 * them.
 */
import type { TableMetadata } from '../iceberg/table-metadata.ts';
import type { Hour } from '../model/hour.ts';
import { union } from '../model/hour-sets.ts';
import { tableName } from '../model/names.ts';
import type { ProjectSpec } from '../model/process-spec.ts';
import type { SourceState, Watermark } from '../model/session.ts';
import {
  type ProcessProgress,
  progressOfAll,
  progressOfRetired,
  unsettled,
  watermarkFor,
} from '../state/process-progress.ts';

/** How far a process had come that goes on no more. */
export interface LeftBehind {
  readonly processName: string;
  /** With the watermarks of those sources alone with which no other process has gone on since. */
  readonly progress: ProcessProgress;
  /** False for one that was only removed from the project. */
  readonly isRetired: boolean;
}

/** What processes have left that were retired, or are in the project no more. */
export function leftBehind(target: TableMetadata, project: ProjectSpec): LeftBehind[] {
  const known = new Set(project.processes.map((each) => each.processName));
  const removed = progressOfAll(target).filter(({ processName }) => !known.has(processName));
  return [
    ...removed.map((each) => ({ ...each, progress: unsettled(each), isRetired: false })),
    ...progressOfRetired(target).map((each) => ({ ...each, progress: unsettled(each), isRetired: true })),
  ].filter(({ progress }) => progress.watermarks.length > 0);
}

/** The watermark that a process has on a source; undefined when it never read it. */
export const watermarkOn = (progress: ProcessProgress, { spec, head }: SourceState): Watermark | undefined =>
  watermarkFor(progress, { name: tableName(spec.table), tableUuid: head?.tableUuid });

/** The hours that processes which are gone owed to a source when they ended. */
export const owedBy = (left: readonly LeftBehind[], source: SourceState): Hour[] =>
  union(left.map(({ progress }) => watermarkOn(progress, source)?.owedHours ?? []));

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
    const found = source.head === undefined ? [] : left.filter((each) => watermarkOn(each.progress, source));
    const [only] = found;
    if (only === undefined || found.length > 1 || only.processName === processName) continue;
    const { table } = watermarkOn(only.progress, source) as Watermark;
    settled[only.processName] = [...(settled[only.processName] ?? []), table];
  }
  return settled;
}
