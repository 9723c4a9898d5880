/**
 * The fifth stage. Audited -> Published: one commit that moves `main` to the audited snapshot, sets the
 * watermarks, records the session and announces completeness. There is no moment at which one of them exists
 * without the others.
 */
import type { CommitTableRequest } from '../../catalog/service/catalog.ts';
import { removeFile } from '../../files/remove.ts';
import { ancestors, mainSnapshot } from '../../iceberg/history.ts';
import { branchHead, moveMain, stagingSnapshots } from '../../iceberg/references.ts';
import type { Snapshot, TableMetadata } from '../../iceberg/table-metadata.ts';
import type { TableUpdate } from '../../iceberg/table-update.ts';
import { hasLapsed } from '../../markers/session-marker.ts';
import { conflict, isUnanswered, mayBeMade, PsybergError } from '../../model/errors.ts';
import type { ProcessSpec } from '../../model/process-spec.ts';
import { publishStepOf } from '../../model/step.ts';
import {
  lastSessionProperty,
  progressInSummary,
  publishedProperty,
  SUMMARY,
} from '../../state/read-watermarks.ts';
import { liveRows, publishersOf } from '../../state/target-publishers.ts';
import { sessionLapsed } from '../leftovers/lapsed.ts';
import { patience } from '../patience.ts';
import type { Audited, Begun, Published } from '../session.ts';
import { noteSignals } from '../signals/outbox.ts';
import { rebase } from '../staging/rebase.ts';
import { loadTarget, targetMoved } from '../target.ts';
import { duringStage, duringStep } from './fold-steps.ts';

/** Tries of a commit whose fate the catalog does not tell; it is gone then, and the next run looks again. */
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
  // Published is published: what is not written down now, the next session of the process writes down
  // (`records/repair-state.ts`).
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
 * Commits the target, with the state tables where the catalog takes several tables at once. Without that the
 * target goes first: its summary holds the watermarks, and the state tables are an index of it.
 */
async function publishTarget(first: Audited): Promise<Outcome> {
  const { leftovers } = first;
  const tries = patience();
  let audited = first;
  let unanswered = 0;
  /** Of the last try that got no answer: it may have been made, or be made in a moment. */
  let finishLast: (() => Outcome) | undefined;
  for (;;) {
    // The answer was lost, and so was the first look: the commit may have been made all the same.
    if (finishLast !== undefined && (await isPublished(audited)) === true) return finishLast();
    const unknown = (error: unknown): never => {
      throw finishLast !== undefined && !provesUnpublished(error) ? commitUnknown(first, error) : error;
    };
    const current = await onCurrentMain(audited).catch(unknown);
    const tried = current === undefined ? undefined : await committed(current).catch(unknown);
    if (tried === undefined) return finishLast === undefined ? publishedElsewhere(audited) : finishLast();
    audited = tried.audited;
    const { finish, failure } = tried;
    if (failure === undefined) return finish();
    const { error } = failure;
    leftovers.lostRaces = true;
    if (mayBeMade(error)) audited.state.unanswered();
    // A lost answer is not a lost commit: look before trying again, or the rows are published twice.
    const done = await isPublished(audited);
    if (done === true) return finish();
    // The same commit again does no harm when the first one is still on its way: only one of the two finds
    // `main` as it must be.
    const uncertain = done === undefined || isUnanswered(error);
    if (uncertain) {
      unanswered += 1;
      finishLast = finish;
    }
    const hopeful = uncertain
      ? unanswered < UNANSWERED_MAX
      : error instanceof PsybergError && error.retryable && !isWaitedFor(error);
    if (hopeful && (await tries.again())) continue;
    if (finishLast !== undefined) throw commitUnknown(first, error);
    // A database that did not answer for a minute says so itself.
    const isOvertaken = hopeful && !(error instanceof PsybergError && error.kind === 'unavailable');
    throw isOvertaken ? contended(first, error) : error;
  }
}

/** A store that says nothing was asked several times, each with a wait, before it is told as that. */
const isWaitedFor = ({ code }: PsybergError): boolean => code === 'storage-unreachable';

/** One try of the commit. */
interface Tried {
  /** With the snapshot as it was composed for `main` as it is now. */
  readonly audited: Audited;
  /** What the session is once the commit is known to be made. */
  readonly finish: () => Outcome;
  /** Undefined: it was made. */
  readonly failure: { readonly error: unknown } | undefined;
}

/**
 * Commits what was composed for `main` as it is, with the state tables as they are now: every session of the
 * warehouse commits to those, so they come one after the other. Undefined when a commit before this one turns
 * out to have been made. Throws where nothing was tried.
 */
async function committed(audited: Audited): Promise<Tried | undefined> {
  const { catalog } = audited.ports;
  // Asked for every try: a catalog that does not list its endpoints shows only by its answer that it has none
  // for this.
  const together = await catalog.commitsTogether();
  return catalog.inTurn(async () => {
    const changes = together ? await audited.state.changes(audited) : [];
    refuseLapsed(audited);
    if (changes === undefined) return undefined;
    // Last: it says how long each stage took, and this one up to here.
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
 * `main` has moved by another hand: an earlier try that is still on its way will not find it as it must be.
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

/** Others were first with every try, and may be with those of a session that is planned anew. */
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
 * The session with its snapshot on `main` as it is now: composed again when `main` moved, or when another
 * session's snapshot took its sequence number; undefined when it is in the history of `main` already.
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
 * Throws `session-overtaken` where the session of this id is another one: two machines that do not see each
 * other's markers may begin in the same second. A session in one process publishes under one snapshot id;
 * that of single steps may have been published by a step that ran twice.
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
 * Throws `session-overtaken` where the session is so old that other machines may take it for a lost one's: a
 * machine that slept for a day would publish files that they have deleted. Last before the commit: what they
 * do after it, its requirements find out.
 */
function refuseLapsed({ ports, plan, directory }: Audited): void {
  if (hasLapsed(directory, ports.markersAreShared)) throw sessionLapsed({ plan });
}

/**
 * Throws `target-moved` or `session-overtaken` where the session cannot follow `main`. `own`: the session
 * that published last under this name.
 */
function refuseOvertaken(
  { plan, spec, adoption }: Audited,
  metadata: TableMetadata,
  own: string | null,
): void {
  const moved = targetMoved(plan, mainSnapshot(metadata)?.['snapshot-id']);
  const from = adoption?.from;
  // A session of the old name that published meanwhile has moved the watermarks that are taken over.
  const session = from === undefined ? own : (progressInSummary(metadata, from)?.psybergSessionId ?? null);
  if (from !== undefined && own !== null) throw moved;
  // The session before this one is not in the history any more: somebody rolled the target back, or expired
  // it.
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
  // Rows of somebody else that came while this one ran: what a first session is planned on has to be empty.
  if (session === null && adoption === undefined && isFilledByOthers(spec, metadata)) throw moved;
}

/** True when a first session that is planned on this target would be refused, as far as metadata tell. */
function isFilledByOthers({ processName, target }: ProcessSpec, metadata: TableMetadata): boolean {
  if (target.existingRows === 'keep') return false;
  const main = mainSnapshot(metadata);
  const isEmpty = main === undefined || liveRows(main) === 0n;
  return !isEmpty || publishersOf(metadata).some((name) => name !== processName);
}

interface TargetChange {
  readonly change: CommitTableRequest;
  /** Manifest lists that nobody needs once it is made: those of the staging snapshots. */
  readonly obsoleteLists: readonly string[];
}

function targetChange(audited: Audited): TargetChange {
  const { spec, plan, branch, schema, composed, leftovers } = audited;
  const { snapshot, metadata, baseSnapshotId } = composed;
  const head = branchHead(metadata, branch);
  const snapshots = stagingSnapshots(metadata, branch, audited.base?.['snapshot-id']);
  const staging = snapshots.map((each) => each['snapshot-id']);
  // Somebody's expiry took staged snapshots, and left their files: they are looked for when the session ends.
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

/** Told at the last moment: by then all stages but the commit itself are done. */
function withStageSeconds(snapshot: Snapshot, { stageSeconds }: Begun): Snapshot {
  if (stageSeconds === undefined) return snapshot;
  const { init, load, audit, publish } = stageSeconds();
  const told = { [SUMMARY.stageSeconds]: JSON.stringify({ init, load, audit, publish }) };
  return { ...snapshot, summary: { ...snapshot.summary, ...told } as Record<string, string> };
}

/** What the target says of a name whose progress is taken over: it has published nothing that is its own. */
function endedProperties({ adoption }: Begun, { properties = {} }: TableMetadata): TableUpdate[] {
  const from = adoption?.from;
  if (from === undefined) return [];
  const removals = [publishedProperty(from), lastSessionProperty(from)].filter((key) => key in properties);
  return removals.length === 0 ? [] : [{ action: 'remove-properties', removals }];
}

/**
 * Looks whether the session's snapshot is in the history of `main`. Undefined when the catalog does not say.
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

function sessionSnapshot(
  { process_name, psyberg_session_id }: Begun['plan'],
  metadata: TableMetadata,
): Snapshot | undefined {
  for (const snapshot of ancestors(metadata, mainSnapshot(metadata)))
    if (
      snapshot.summary?.[SUMMARY.processName] === process_name &&
      snapshot.summary[SUMMARY.sessionId] === psyberg_session_id
    )
      return snapshot;
  return undefined;
}

/** The same step of the session, run twice at once: the other one published, and writes the state tables. */
async function publishedElsewhere(audited: Audited): Promise<Outcome> {
  const { metadata } = await loadTarget(audited);
  const publishedSnapshotId = sessionSnapshot(audited.plan, metadata)?.['snapshot-id'];
  const obsolete = { lists: [], stateFiles: [] };
  return { published: { ...audited, publishedSnapshotId, obsolete }, together: true };
}
