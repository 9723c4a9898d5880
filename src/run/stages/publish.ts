/**
 * The fifth stage: one commit that moves `main` to the audited snapshot, sets the watermarks, records the
 * session and announces completeness, so that none of them ever exists without the others. Audited ->
 * Published.
 */
import type { CommitTableRequest } from '../../catalog/service/catalog.ts';
import { removeFile } from '../../files/remove.ts';
import { mainSnapshot } from '../../iceberg/history.ts';
import { branchHead, moveMain, stagingSnapshots } from '../../iceberg/references.ts';
import type { Snapshot, TableMetadata } from '../../iceberg/table-metadata.ts';
import type { TableUpdate } from '../../iceberg/table-update.ts';
import { hasLapsed } from '../../markers/session-marker.ts';
import { conflict, isUnanswered, mayBeMade, PsybergError } from '../../model/errors.ts';
import type { ProcessSpec } from '../../model/process-spec.ts';
import { publishStepOf } from '../../model/step.ts';
import { progressInSummary, wasAdopted } from '../../state/process-progress.ts';
import { snapshotOfSession } from '../../state/sessions-written.ts';
import { SUMMARY } from '../../state/summary-keys.ts';
import {
  adoptedProperty,
  lastSessionProperty,
  leftProperty,
  publishedProperty,
} from '../../state/target-properties.ts';
import { liveRows, publishersOf } from '../../state/target-publishers.ts';
import { sessionLapsed } from '../leftovers/lapsed.ts';
import { patience } from '../patience.ts';
import type { Audited, Begun, Published } from '../session.ts';
import { noteSignals } from '../signals/outbox.ts';
import { rebase } from '../staging/rebase.ts';
import { loadTarget, targetMoved } from '../target.ts';
import { duringStage, duringStep } from './fold-steps.ts';

/** How often a commit is tried without an answer from the catalog, before the next run has to find out. */
const UNANSWERED_MAX = 5;

/**
 * Publishes the audited snapshot. Throws `target-moved` or `session-overtaken` (plan again),
 * `publish-contended` or `commit-unknown` after the last try.
 */
export const publishStage = (audited: Audited): Promise<Published> =>
  duringStage(audited, 'publish', () =>
    duringStep(audited, publishStepOf(audited.plan), () => publishAudited(audited)),
  );

async function publishAudited(audited: Audited): Promise<Published> {
  noteSignals(audited);
  const { published, together } = await publishTarget(audited);
  // The target is published, so a failure here is not thrown: the next session of the process writes down
  // what is missing (`records/repair-state.ts`).
  if (!together)
    await published.state
      .writeApart(published)
      .catch((error: unknown) => published.ports.onStep(`state tables: ${String(error)}`));
  return published;
}

interface Outcome {
  readonly published: Published;
  /**
   * Whether the state tables were committed together with the target: the catalog has multi-table commits.
   */
  readonly together: boolean;
}

/**
 * Commits the target, together with the state tables if the catalog can commit several tables at once.
 * Otherwise the target goes first: its summary holds the watermarks, and the state tables are only an index
 * of it.
 */
async function publishTarget(first: Audited): Promise<Outcome> {
  const { leftovers } = first;
  const tries = patience();
  let audited = first;
  let unanswered = 0;
  /** Set after a try that got no answer: that commit may have been made, or may still be made. */
  let finishUnanswered: (() => Outcome) | undefined;
  for (;;) {
    // The last try got no answer, and looking right after it got none either: look again before another try.
    if (finishUnanswered !== undefined && (await isPublished(audited)) === true) return finishUnanswered();
    const unknown = (error: unknown): never => {
      throw finishUnanswered !== undefined && !provesUnpublished(error) ? commitUnknown(first, error) : error;
    };
    const current = await onCurrentMain(audited).catch(unknown);
    const tried = current === undefined ? undefined : await committed(current).catch(unknown);
    if (tried === undefined)
      return finishUnanswered === undefined ? publishedElsewhere(audited) : finishUnanswered();
    audited = tried.audited;
    const { finish, failure } = tried;
    if (failure === undefined) return finish();
    const { error } = failure;
    leftovers.lostRaces = true;
    if (mayBeMade(error)) audited.state.unanswered();
    // A lost answer is not a lost commit: look before trying again, or the rows could be published twice.
    const done = await isPublished(audited);
    if (done === true) return finish();
    // Repeating the commit is safe even if the first one is still on its way: both require the same state of
    // `main`, so only one of them can succeed.
    const uncertain = done === undefined || isUnanswered(error);
    if (uncertain) {
      unanswered += 1;
      finishUnanswered = finish;
    }
    const hopeful = uncertain
      ? unanswered < UNANSWERED_MAX
      : error instanceof PsybergError && error.retryable && !isWaitedFor(error);
    if (hopeful && (await tries.again())) continue;
    if (finishUnanswered !== undefined) throw commitUnknown(first, error);
    // The error of a database that did not answer for a minute says so itself.
    const isOvertaken = hopeful && !(error instanceof PsybergError && error.kind === 'unavailable');
    throw isOvertaken ? contended(first, error) : error;
  }
}

/** An unreachable store has already been tried several times, with waits, before it is reported as such. */
const isWaitedFor = ({ code }: PsybergError): boolean => code === 'storage-unreachable';

/** One try of the commit. */
interface Tried {
  /** With its snapshot composed for `main` as it was at this try. */
  readonly audited: Audited;
  /** The session's outcome, once the commit is known to be made. */
  readonly finish: () => Outcome;
  /** Undefined if the commit was made. */
  readonly failure: { readonly error: unknown } | undefined;
}

/**
 * Commits the composed snapshot, with the state tables as they are now. All sessions of a warehouse commit
 * to those tables, so they take turns. Undefined if an earlier commit turns out to have been made. Throws if
 * nothing was tried.
 */
async function committed(audited: Audited): Promise<Tried | undefined> {
  const { catalog } = audited.ports;
  // Asked again for every try: a catalog that does not list its endpoints shows only by a failed commit that
  // it cannot commit several tables.
  const together = await catalog.commitsTogether();
  return catalog.inTurn(async () => {
    const changes = together ? await audited.state.changes(audited) : [];
    refuseLapsed(audited);
    if (changes === undefined) return undefined;
    // Built last, because the summary says how long each stage took, this one included.
    const target = targetChange(audited);
    const failure = await catalog
      .commitTransaction([target.change, ...changes.map((each) => each.change)])
      .then(
        () => undefined,
        (error: unknown) => ({ error }),
      );
    const publishedSnapshotId = audited.composed.snapshot['snapshot-id'];
    const stateFiles = changes.flatMap((each) => each.obsoleteFiles);
    const obsolete = { lists: target.obsoleteLists, stateFiles };
    return {
      audited,
      failure,
      finish: () => ({ published: { ...audited, publishedSnapshotId, obsolete }, together }),
    };
  });
}

/**
 * True if somebody else has moved `main`: an earlier try that is still on its way can then no longer succeed.
 */
const provesUnpublished = (error: unknown): boolean =>
  error instanceof PsybergError && ['target-moved', 'session-overtaken'].includes(error.code);

function commitUnknown({ plan }: Begun, error: unknown): PsybergError {
  return conflict(
    'commit-unknown',
    `${plan.process_name}: the catalog did not answer whether ${plan.target.table} was published: ${(error as Error).message}`,
    {
      hint: 'run again when the catalog answers: the next run looks whether it was, and goes on from there',
      context: { process_name: plan.process_name, psyberg_session_id: plan.psyberg_session_id },
      cause: error,
    },
  );
}

/** The error when others committed first at every try: planning again at once would not help. */
function contended({ plan }: Begun, error: unknown): PsybergError {
  return conflict(
    'publish-contended',
    `${plan.process_name}: ${plan.target.table} was not published, others committed first for a minute: ${(error as Error).message}`,
    {
      hint: 'run again, when fewer sessions publish at the same time',
      context: { process_name: plan.process_name, psyberg_session_id: plan.psyberg_session_id },
      cause: error,
    },
  );
}

/**
 * The session with a snapshot that fits `main` as it is now: composed again if `main` moved, or if another
 * session's snapshot took its sequence number. Undefined if the session is already in the history of `main`.
 */
async function onCurrentMain(audited: Audited): Promise<Audited | undefined> {
  const { composed, plan, spec, leftovers } = audited;
  const { metadata } = await loadTarget(audited);
  const main = mainSnapshot(metadata);
  const isAhead = (composed.snapshot['sequence-number'] ?? 0n) > metadata['last-sequence-number'];
  if (main?.['snapshot-id'] === composed.baseSnapshotId && isAhead) return audited;
  const own = progressInSummary(metadata, spec.processName)?.psybergSessionId ?? null;
  if (own === plan.psyberg_session_id) {
    refuseNamesake(audited, metadata);
    return undefined;
  }
  refuseOvertaken(audited, metadata, own);
  leftovers.lostRaces = true;
  const again = await rebase(audited, { metadata, main });
  removeFile(composed.snapshot['manifest-list']);
  return again;
}

/**
 * Throws `session-overtaken` if the session that published under this id is another one: two machines that
 * do not see each other's markers may begin in the same second. A whole run publishes under one snapshot id,
 * so another id tells them apart; of a stepwise session the same step may have run twice.
 */
function refuseNamesake({ plan, spec, stepwise, composed }: Audited, metadata: TableMetadata): void {
  const found = sessionSnapshot(plan, metadata);
  if (stepwise || found === undefined || found['snapshot-id'] === composed.snapshot['snapshot-id']) return;
  throw conflict(
    'session-overtaken',
    `a session of ${spec.processName} on another machine began in the same second (${plan.psyberg_session_id}) and published first`,
    { hint: 'plan again', context: { process_name: spec.processName, session: plan.psyberg_session_id } },
  );
}

/**
 * Throws `session-overtaken` if the session is so old that other machines may take it for dead: a machine
 * that slept for a day would publish files that they have deleted. Checked last before the commit; what
 * others do after that, the commit's requirements detect.
 */
function refuseLapsed({ ports, plan, directory }: Audited): void {
  if (hasLapsed(directory, ports.markersAreShared)) throw sessionLapsed({ plan });
}

/**
 * Throws `target-moved` or `session-overtaken` if the session may not be published on this `main`. `own`: the
 * session that published last under this name.
 */
function refuseOvertaken(
  { plan, spec, adoption }: Audited,
  metadata: TableMetadata,
  own: string | null,
): void {
  const moved = targetMoved(plan, mainSnapshot(metadata)?.['snapshot-id']);
  const from = adoption?.from;
  // For a renamed process: a session of its former name may have moved the watermarks that are taken over.
  const session = from === undefined ? own : (progressInSummary(metadata, from)?.psybergSessionId ?? null);
  if (from !== undefined && own !== null) throw moved;
  // The session before this one is no longer in the history: somebody rolled the target back, or expired it.
  if (session === null && plan.target.previous_session_id !== null) throw moved;
  if (session !== plan.target.previous_session_id)
    throw conflict(
      'session-overtaken',
      `another session of ${spec.processName} (${session}) published while this one ran: its rows may be the same`,
      {
        hint: 'plan again',
        context: { process_name: spec.processName, session },
      },
    );
  // A first session needs a target without rows of others, and such rows came while it ran.
  if (session === null && adoption === undefined && isFilledByOthers(spec, metadata)) throw moved;
}

/** True if a first session planned on this target would be refused, as far as the metadata tell. */
function isFilledByOthers({ processName, target }: ProcessSpec, metadata: TableMetadata): boolean {
  if (target.existingRows === 'keep') return false;
  const main = mainSnapshot(metadata);
  const isEmpty = main === undefined || liveRows(main) === 0n;
  return !isEmpty || publishersOf(metadata).some((name) => name !== processName);
}

interface TargetChange {
  readonly change: CommitTableRequest;
  /** Manifest lists of the staging snapshots, which nothing needs once the commit is made. */
  readonly obsoleteLists: readonly string[];
}

function targetChange(audited: Audited): TargetChange {
  const { spec, plan, branch, schema, composed, leftovers } = audited;
  const { snapshot, metadata, baseSnapshotId } = composed;
  const head = branchHead(metadata, branch);
  const snapshots = stagingSnapshots(metadata, branch, audited.base?.['snapshot-id']);
  const staging = snapshots.map((each) => each['snapshot-id']);
  // Somebody expired staging snapshots but left their files: the end of the session sweeps those.
  if (staging.length < audited.stagedIds.length + (audited.clearedId === undefined ? 0 : 1))
    leftovers.lostRaces = true;
  const { processName } = spec;
  const change: CommitTableRequest = {
    identifier: spec.target.table,
    requirements: [
      { type: 'assert-table-uuid', uuid: metadata['table-uuid'] },
      // Requirement first: without it two sessions could publish over each other.
      { type: 'assert-ref-snapshot-id', ref: 'main', 'snapshot-id': baseSnapshotId ?? null },
      { type: 'assert-ref-snapshot-id', ref: branch, 'snapshot-id': head?.['snapshot-id'] ?? null },
      ...(schema === undefined
        ? []
        : [{ type: 'assert-current-schema-id' as const, 'current-schema-id': schema.from }]),
    ],
    updates: [
      ...(schema === undefined ? [] : [{ action: 'set-current-schema' as const, 'schema-id': schema.id }]),
      {
        action: 'set-properties',
        updates: {
          [publishedProperty(processName)]: metadata['table-uuid'],
          [lastSessionProperty(processName)]: plan.psyberg_session_id,
          // Also by a session, while it is known: an adoption by an earlier release did not note it.
          ...(audited.adoption !== undefined || wasAdopted(metadata, processName)
            ? { [adoptedProperty(processName)]: metadata['table-uuid'] }
            : {}),
          ...audited.adoption?.notes,
        },
      },
      ...endedProperties(audited, metadata),
      { action: 'add-snapshot', snapshot: withStageSeconds(snapshot, audited) },
      moveMain(metadata, snapshot['snapshot-id']),
      ...(head === undefined ? [] : [{ action: 'remove-snapshot-ref' as const, 'ref-name': branch }]),
      ...(staging.length === 0 ? [] : [{ action: 'remove-snapshots' as const, 'snapshot-ids': staging }]),
    ],
  };
  return { change, obsoleteLists: snapshots.map((each) => each['manifest-list']) };
}

/** Adds the stages' seconds to the summary, as late as possible: only the commit itself is missing. */
function withStageSeconds(snapshot: Snapshot, { stageSeconds }: Begun): Snapshot {
  if (stageSeconds === undefined) return snapshot;
  const { init, load, audit, publish } = stageSeconds();
  const told = { [SUMMARY.stageSeconds]: JSON.stringify({ init, load, audit, publish }) };
  return { ...snapshot, summary: { ...snapshot.summary, ...told } as Record<string, string> };
}

/**
 * Removes the target's properties of a former name, which has no progress of its own any more; and what was
 * noted of the process when it was retired: its snapshots tell from now on.
 */
function endedProperties({ plan, adoption }: Begun, { properties = {} }: TableMetadata): TableUpdate[] {
  const from = adoption?.from;
  const ended = [
    leftProperty(plan.process_name),
    ...(from === undefined
      ? []
      : [publishedProperty(from), lastSessionProperty(from), adoptedProperty(from), leftProperty(from)]),
  ];
  const removals = ended.filter((key) => key in properties);
  return removals.length === 0 ? [] : [{ action: 'remove-properties', removals }];
}

/**
 * Whether the session's snapshot is in the history of `main`; undefined if the catalog does not answer.
 */
async function isPublished(audited: Audited): Promise<boolean | undefined> {
  try {
    const { metadata } = await loadTarget(audited);
    const found = sessionSnapshot(audited.plan, metadata);
    if (found !== undefined) refuseNamesake(audited, metadata);
    return found !== undefined;
  } catch (error) {
    if (isUnanswered(error)) return undefined;
    throw error;
  }
}

const sessionSnapshot = (plan: Begun['plan'], metadata: TableMetadata): Snapshot | undefined =>
  snapshotOfSession(metadata, {
    processName: plan.process_name,
    psybergSessionId: plan.psyberg_session_id,
  });

/** The outcome when the same step ran twice at once: the other one published, and writes the state tables. */
async function publishedElsewhere(audited: Audited): Promise<Outcome> {
  const { metadata } = await loadTarget(audited);
  const publishedSnapshotId = sessionSnapshot(audited.plan, metadata)?.['snapshot-id'];
  const obsolete = { lists: [], stateFiles: [] };
  return { published: { ...audited, publishedSnapshotId, obsolete }, together: true };
}
