/**
 * Opens a session: pins every head, finds what changed since the watermarks, and how far each source is
 * complete. ProcessSpec + Iceberg metadata + watermarks -> Session. Reads only; DuckDB is started only when
 * something changed.
 */
import type { TableMetadata } from '../iceberg/table-metadata.ts';
import type { Hour } from '../model/hour.ts';
import type { Session, SourceState } from '../model/session.ts';
import { type ProcessProgress, progressInSummary } from '../state/process-progress.ts';
import { withBegin, withBeginBefore } from './find-begin.ts';
import { withHoursHeld } from './hours-held.ts';
import { leftOnTarget } from './left-behind.ts';
import { matchKeys } from './match-keys.ts';
import { openBelowRestated } from './open-below.ts';
import { numberedTogether } from './open-folder.ts';
import { openLookupState } from './open-lookup.ts';
import { openRestate } from './open-restate.ts';
import { openSourceState } from './open-source-state.ts';
import { refuseAdoption } from './refuse-adoption.ts';
import { refuseFilledTarget } from './refuse-filled-target.ts';
import { refuseOtherFormat } from './refuse-other-format.ts';
import { refuseOtherGrain } from './refuse-other-grain.ts';
import { refuseOtherPattern } from './refuse-other-pattern.ts';
import { refuseOvertakenProgress } from './refuse-overtaken.ts';
import { refusePickedRows } from './refuse-picked.ts';
import { refuseSkippedRows } from './refuse-skipped-rows.ts';
import { restateLookups } from './restate-lookups.ts';
import type { OpenSessionInput } from './session-input.ts';
import { sessionOf } from './session-of.ts';
import { targetProgress } from './target-progress.ts';

/**
 * Opens a session: for a look, an adoption or a restate if `input` says so. Throws `target-not-empty`,
 * `target-not-writable`, `target-picked`, `grain-changed`, `pattern-changed`, `source-missing`,
 * `source-replaced`, `source-changed`, `history-expired` and the errors of reading.
 */
export async function openSession(input: OpenSessionInput): Promise<Session> {
  const { restate } = input;
  if (restate?.hours !== undefined) return openRestate(input, restate.hours);
  return restate === undefined ? openChanges(input) : openBelowRestated(input, openChanges);
}

/** Opens a session of what changed since the watermarks. */
async function openChanges(input: OpenSessionInput): Promise<Session> {
  const { spec, isPlaced } = input;
  const target = (await input.catalog.loadTable(spec.target.table))?.metadata;
  if (input.lookUpTo !== undefined) return openHeads(input, input.lookUpTo, target);
  const progress = target === undefined ? undefined : await targetProgress(input, target, spec.processName);
  if (input.adoptAt === undefined) await refuseToLoad(input, target, progress);
  else refuseAdoption(spec, target, progress);
  const sources = await openSources(input, progress);
  if (isPlaced !== undefined && target !== undefined)
    refuseSkippedRows(
      input,
      { target, left: await leftOnTarget(input, target) },
      sources.filter((source) => !isPlaced(source.spec)),
    );
  const opened = sessionOf(input, { sources: numberedTogether(sources), target, progress });
  const matched = await matchKeys(input, await withHoursHeld(input, opened, target));
  return withBegin(input, await restateLookups(input, matched));
}

/** Opens a look: every source as of its head, whatever was loaded of it. */
async function openHeads(
  input: OpenSessionInput,
  lastHour: Hour,
  target: TableMetadata | undefined,
): Promise<Session> {
  const progress = target === undefined ? undefined : progressInSummary(target, input.spec.processName);
  const asked = { ...input, isLoaded: lastHour <= (progress?.completeToHour ?? Number.NEGATIVE_INFINITY) };
  const sources = await openSources(asked, undefined);
  return withBeginBefore(asked, sessionOf(input, { sources, target, progress }));
}

/** Refuses a target that the process cannot go on with as it is. */
async function refuseToLoad(
  input: OpenSessionInput,
  target: TableMetadata | undefined,
  progress: ProcessProgress | undefined,
): Promise<void> {
  const { spec, project } = input;
  refuseOtherFormat(spec, target);
  if (target === undefined) return;
  if (progress === undefined) return refuseFilledTarget(input, target);
  refuseOtherGrain(spec, progress);
  refuseOtherPattern(spec, { progress, target });
  refuseOvertakenProgress(project, spec, { target, progress });
  refusePickedRows(spec, target);
}

const openSources = (
  input: OpenSessionInput,
  progress: ProcessProgress | undefined,
): Promise<SourceState[]> =>
  Promise.all(
    input.spec.sources.map((source) =>
      source.lookup === undefined
        ? openSourceState(input, source, progress)
        : openLookupState(input, source, progress),
    ),
  );
