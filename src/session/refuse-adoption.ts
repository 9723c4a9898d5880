/**
 * Refuses an adoption that its target does not allow. Target metadata + progress -> nothing, or a refusal.
 * Pure.
 */
import type { TableMetadata } from '../iceberg/table-metadata.ts';
import { vttsKind } from '../kinds/vtts/index.ts';
import { refusal, usageError } from '../model/errors.ts';
import { isLookup } from '../model/lookups.ts';
import { tableName } from '../model/names.ts';
import type { ProcessSpec, ProjectSpec } from '../model/process-spec.ts';
import type { Session } from '../model/session.ts';
import { settledOf } from '../state/noted-left.ts';
import type { ProcessProgress } from '../state/process-progress.ts';
import { heirOf, publishersOf } from '../state/target-publishers.ts';
import type { OpenSessionInput } from './session-input.ts';

/**
 * Throws `target-missing` and `target-has-history`: a target is adopted once, before its first session; later
 * its watermarks say what it holds.
 */
export function refuseAdoption(
  spec: ProcessSpec,
  target: TableMetadata | undefined,
  progress: ProcessProgress | undefined,
): asserts target is TableMetadata {
  const name = tableName(spec.target.table);
  const folder = spec.sources.find(({ files }) => files !== undefined);
  if (folder !== undefined)
    throw usageError(
      'files-not-adoptable',
      `${spec.processName} reads files of ${tableName(folder.table)}: which of them ${name} holds is known by their ledger alone, under the name of the process that read them`,
      {
        hint: 'keep the name of the process; files whose rows the target has from elsewhere can be moved to another folder before the first session, with existing_rows: keep under target:',
        context: { process_name: spec.processName, table: name },
      },
    );
  if (target === undefined)
    throw usageError(
      'target-missing',
      `the target ${name} of ${spec.processName} does not exist: there is nothing to adopt`,
      {
        hint: `create and fill it first; or set start: now on the sources in ${spec.file}, and the first session creates it`,
        context: { table: name },
      },
    );
  if (progress !== undefined)
    throw refusal(
      'target-has-history',
      `the target ${name} has watermarks of ${spec.processName} already: setting others could lose or double rows`,
      {
        hint: `run "psyberg status ${spec.processName}" to see them; to begin anew drop the target`,
        context: { table: name, psyberg_session_id: progress.psybergSessionId ?? null },
      },
    );
}

/**
 * Where nothing is complete yet, all hours are owed, and one session would compute again all that the target
 * holds. Throws `adoption-hours-unknown`, but not for a source that somebody said to read from its beginning:
 * then that is what was asked for.
 */
export function refuseUnknownHours({ adoptAt }: OpenSessionInput, { spec, sources }: Session): void {
  const unknown = sources.find((source) =>
    isLookup(source)
      ? source.awaited
      : source.vttsHour === undefined && adoptAt?.(source.spec).kind !== 'beginning',
  );
  if (unknown === undefined) return;
  const { processName } = spec;
  const { table, vtts } = unknown.spec;
  const source = tableName(table);
  const isOlder = !unknown.awaited && adoptAt?.(unknown.spec).kind !== 'now';
  const where = isOlder ? ' at that place' : '';
  const why = unknown.head === undefined ? 'it has no rows' : `vtts: ${vttsKind(vtts.kind).form}`;
  throw refusal(
    'adoption-hours-unknown',
    `up to which hour ${source} is complete${where} is not known (${why}): ${processName} would compute all hours of ${tableName(spec.target.table)} again`,
    {
      hint: isOlder
        ? 'adopt at a place where it is known, such as --at now'
        : `run what writes ${source} first, until it is known, and "psyberg adopt ${processName}" then`,
      context: { process_name: processName, table: source },
    },
  );
}

/** Throws `adopt-from-in-use` for a name that is a process of the project: two would go on from one place. */
export function refuseNameInUse(project: ProjectSpec, spec: ProcessSpec, from: string): void {
  const other = project.processes.find((each) => each.processName === from);
  if (other === undefined) return;
  throw refusal(
    'adopt-from-in-use',
    other === spec
      ? `${from} is the process itself: there is nothing to take over`
      : `${from} is still a process of this project (${other.file}): ${spec.processName} would load what it loads`,
    {
      hint:
        other === spec
          ? 'name the process as it was called before'
          : `remove ${other.file} if ${spec.processName} stands in its place; else run "psyberg adopt ${spec.processName}"`,
      context: { process_name: spec.processName, from },
    },
  );
}

/** The refusal of a name that has no progress on the target. */
export function nothingToTakeOver(spec: ProcessSpec, target: TableMetadata, from: string): Error {
  const name = tableName(spec.target.table);
  const heir = heirOf(target, from);
  const published = publishersOf(target).filter((each) => each !== from);
  return refusal(
    'adopt-from-unknown',
    heir === undefined
      ? `no process named ${from} has published to ${name}`
      : `what ${from} had loaded into ${name} was taken over by ${heir}`,
    {
      hint:
        published.length === 0
          ? `no process has; to take the target over as it is run "psyberg adopt ${spec.processName}"`
          : `run "psyberg adopt ${spec.processName} --from ${published[0]}"${published.length === 1 ? '' : `; published to it have ${published.join(', ')}`}`,
      context: { process_name: spec.processName, from, target: name, published_by: published },
    },
  );
}

/**
 * Throws `adopt-from-unknown` for a name in whose place another process has adopted the target since: from
 * where it stopped, the rows which that one has loaded would be loaded once more.
 */
export function refuseSettled(spec: ProcessSpec, target: TableMetadata, from: string): void {
  const settled = settledOf(target, from);
  if (settled.length === 0) return;
  const name = tableName(spec.target.table);
  throw refusal(
    'adopt-from-unknown',
    `another process has adopted ${name} since ${from} stopped, and gone on with ${settled.join(', ')}`,
    {
      hint: `run "psyberg adopt ${spec.processName}" to go on where the last process stopped`,
      context: { process_name: spec.processName, from, target: name },
    },
  );
}
