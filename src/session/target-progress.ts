/**
 * Finds how far a process has come on its target. Target metadata + watermark table -> progress, or a
 * refusal if the two do not tell.
 */
import type { TableMetadata } from '../iceberg/table-metadata.ts';
import { refusal } from '../model/errors.ts';
import { tableName } from '../model/names.ts';
import { hoursMadeBySessions, sessionsOfTarget } from '../state/hours-made-by-sessions.ts';
import {
  isPattern,
  type ProcessProgress,
  progressInSummary,
  progressOfAll,
} from '../state/process-progress.ts';
import { copiedProgress } from '../state/read-watermark-table.ts';
import { SUMMARY } from '../state/summary-keys.ts';
import { isRetired, publishedProperty } from '../state/target-properties.ts';
import { heirOf, isUntouched, namesEver } from '../state/target-publishers.ts';
import type { OpenSessionInput } from './session-input.ts';

export type ProgressInput = Pick<OpenSessionInput, 'spec' | 'project' | 'catalog' | 'engine'> & {
  /** Set for an adoption, which sets watermarks itself, so that lost ones are not refused. */
  readonly adoptAt?: OpenSessionInput['adoptAt'];
};

/**
 * The progress of `processName` on the target of `input.spec`; undefined when it never published there.
 * Throws `target-rewound`, `watermark-lost` and `target-replaced`.
 */
export async function targetProgress(
  input: ProgressInput,
  target: TableMetadata,
  processName: string,
): Promise<ProcessProgress | undefined> {
  const { spec, project } = input;
  const found = progressInSummary(target, processName);
  // An empty target was never published to: rows left in the watermark table belong to a table that is gone.
  if (found !== undefined || isUntouched(target))
    return found === undefined ? undefined : withPattern(input, target, { processName, progress: found });
  // Another process has taken over its progress, or that take-over was undone.
  if (heirOf(target, processName) !== undefined || isAdoptionUndone(target, processName)) return undefined;
  refuseRewoundTarget(input, target, processName);
  const copy = await copiedProgress(input, {
    highWaterMarkTable: project.tables.highWaterMarkTable,
    processName,
    target,
    targetName: tableName(spec.target.table),
    isAdopted: input.adoptAt !== undefined,
  });
  if (copy === undefined && input.adoptAt === undefined) refuseLostWatermark(input, target, processName);
  if (copy === undefined) return undefined;
  const hoursMade = await hoursMadeBySessions({
    ...input,
    sessionTable: project.tables.sessionTable,
    target: spec.target.table,
    processNames: namesEver(target, processName),
  });
  const progress = { ...copy, ...(hoursMade === undefined ? {} : { hoursMade }) };
  return withPattern(input, target, { processName, progress, session: copy.writtenBy });
}

/**
 * With the pattern of the session that published last. Where no summary names it, as before this release,
 * the session table does; from the next published session on, its summary does.
 */
async function withPattern(
  { spec, project, ...input }: ProgressInput,
  target: TableMetadata,
  {
    processName,
    progress,
    session = progress.psybergSessionId,
  }: {
    readonly processName: string;
    readonly progress: ProcessProgress;
    readonly session?: string | undefined;
  },
): Promise<ProcessProgress> {
  if (progress.pattern !== undefined || session === undefined) return progress;
  const rows = await sessionsOfTarget({
    ...input,
    sessionTable: project.tables.sessionTable,
    target: spec.target.table,
    processNames: namesEver(target, processName),
  });
  const pattern = rows.find((row) => row.psyberg_session_id === session)?.pattern;
  return isPattern(pattern) ? { ...progress, pattern } : progress;
}

/**
 * A target that somebody else filled has no watermark yet; one that the process has published to must have
 * one: without it, every row would be loaded again.
 */
function refuseLostWatermark(
  { spec, project }: ProgressInput,
  target: TableMetadata,
  processName: string,
): void {
  if (target.properties?.[publishedProperty(processName)] !== target['table-uuid']) return;
  const name = tableName(spec.target.table);
  throw refusal(
    'watermark-lost',
    `${processName} has published to ${name}, but its watermarks are gone: neither the snapshots of ${name} nor ${tableName(project.tables.highWaterMarkTable)} hold those of its last session`,
    {
      hint: `run "psyberg adopt ${spec.processName}" to say how far each source was loaded; or drop ${name} and run again to load it from the beginning`,
      context: { table: name, process_name: processName },
    },
  );
}

/**
 * The watermark table knows the last session only: on a target that was rolled back to before it, its rows
 * would never be loaded again.
 */
function refuseRewoundTarget({ spec }: ProgressInput, target: TableMetadata, processName: string): void {
  const undone = target.snapshots?.find(
    (snapshot) =>
      snapshot.summary?.[SUMMARY.processName] === processName &&
      snapshot.summary[SUMMARY.watermarks] !== undefined &&
      !isRetired(target, snapshot.summary),
  );
  if (undone === undefined) return;
  const name = tableName(spec.target.table);
  throw refusal(
    'target-rewound',
    `the target ${name} was rolled back to before snapshot ${undone['snapshot-id']}, which ${processName} published, and the history up to there was expired: nobody knows what it holds`,
    {
      hint: `roll ${name} forward again (set main to snapshot ${undone['snapshot-id']}), or drop it and run again`,
      context: { table: name, snapshot_id: String(undone['snapshot-id']) },
    },
  );
}

/**
 * True when the process took over the progress that `main` tells of, and its adoption was rolled back. The
 * rows that it has in the watermark table say what is on `main` no more; it can adopt again.
 */
function isAdoptionUndone(target: TableMetadata, processName: string): boolean {
  const onMain = progressOfAll(target).map((each) => each.processName);
  return (target.snapshots ?? []).some(
    ({ summary }) =>
      summary?.[SUMMARY.processName] === processName && onMain.includes(summary[SUMMARY.adoptedFrom] ?? ''),
  );
}
