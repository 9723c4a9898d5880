/**
 * Opens a session: pins every head, finds what changed since the watermarks, and how far each source is
 * complete. ProcessSpec + Iceberg metadata + watermarks -> Session. Reads only; DuckDB is started only when
 * something changed.
 */
import type { TableMetadata } from '../iceberg/table-metadata.ts';
import type { Hour } from '../model/hour.ts';
import type { Session } from '../model/session.ts';
import { progressInSummary } from '../state/process-progress.ts';
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
  const { spec, catalog } = input;
  const loadedTarget = await catalog.loadTable(spec.target.table);
  if (input.lookUpTo !== undefined) return openHeads(input, input.lookUpTo, loadedTarget?.metadata);
  const progress =
    loadedTarget === undefined
      ? undefined
      : await targetProgress(input, loadedTarget.metadata, spec.processName);
  if (input.adoptAt === undefined) refuseOtherFormat(spec, loadedTarget?.metadata);
  if (input.adoptAt !== undefined) refuseAdoption(spec, loadedTarget?.metadata, progress);
  else if (loadedTarget !== undefined) {
    const target = loadedTarget.metadata;
    if (progress === undefined) await refuseFilledTarget(input, target);
    else {
      refuseOtherGrain(spec, progress);
      refuseOtherPattern(spec, { progress, target });
      refuseOvertakenProgress(input.project, spec, { target, progress });
      refusePickedRows(spec, target);
    }
  }
  const sources = await Promise.all(
    spec.sources.map((source) =>
      (source.lookup === undefined ? openSourceState : openLookupState)(input, source, progress),
    ),
  );
  const { isPlaced } = input;
  if (isPlaced !== undefined && loadedTarget !== undefined)
    refuseSkippedRows(
      input,
      {
        target: loadedTarget.metadata,
        left: await leftOnTarget(input, loadedTarget.metadata),
      },
      sources.filter((source) => !isPlaced(source.spec)),
    );
  const together = numberedTogether(sources);
  const target = loadedTarget?.metadata;
  const begun = await withHoursHeld(input, sessionOf(input, { sources: together, target, progress }), target);
  const opened = await matchKeys(input, begun);
  return withBegin(input, await restateLookups(input, opened));
}

/** Opens a look: every source as of its head, whatever was loaded of it. */
async function openHeads(
  input: OpenSessionInput,
  lastHour: Hour,
  target: TableMetadata | undefined,
): Promise<Session> {
  const { spec } = input;
  const progress = target === undefined ? undefined : progressInSummary(target, spec.processName);
  const asked = { ...input, isLoaded: lastHour <= (progress?.completeToHour ?? Number.NEGATIVE_INFINITY) };
  const sources = await Promise.all(
    spec.sources.map((source) =>
      (source.lookup === undefined ? openSourceState : openLookupState)(asked, source, undefined),
    ),
  );
  return withBeginBefore(asked, sessionOf(input, { sources, target, progress }));
}
