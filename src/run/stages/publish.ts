/**
 * The fifth stage. Audited -> Published: one commit that moves `main` to the audited snapshot, sets the
 * watermarks, records the session and announces completeness. There is no moment at which one of them exists
 * without the others.
 */
import type { CommitTableRequest } from '../../catalog/service/catalog.ts';
import { removeLocalFile } from '../../files/local.ts';
import { ancestors, mainSnapshot } from '../../iceberg/history.ts';
import { branchHead, moveMain, stagingSnapshots } from '../../iceberg/references.ts';
import type { Snapshot, TableMetadata } from '../../iceberg/table-metadata.ts';
import type { TableUpdate } from '../../iceberg/table-update.ts';
import { conflict, isUnanswered, PsybergError } from '../../model/errors.ts';
import type { ProcessSpec } from '../../model/process-spec.ts';
import { publishStepOf } from '../../model/step.ts';
import {
  lastSessionProperty,
  progressInSummary,
  publishedProperty,
  SUMMARY,
} from '../../state/read-watermarks.ts';
import { liveRows, publishersOf } from '../../state/target-publishers.ts';
import type { StateChange } from '../../state/write-state.ts';
import { patience } from '../patience.ts';
import type { Audited, Begun, Opened, Published } from '../session.ts';
import { rebase } from '../staging/rebase.ts';
import { loadTarget, targetMoved } from '../target.ts';
import { announce } from './fold-steps.ts';

/** Tries of a commit whose fate the catalog does not tell; it is gone then, and the next run looks again. */
const UNANSWERED_MAX = 5;

/**
 * Publishes the audited snapshot. Throws `target-moved` or `session-overtaken` (plan again),
 * `publish-contended` or `commit-unknown` after the last try.
 */
export async function publishStage(audited: Audited): Promise<Published> {
  announce(audited, publishStepOf(audited.plan));
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
  const { ports, leftovers } = first;
  const tries = patience();
  let audited = first;
  let unanswered = 0;
  /** Of the last try that got no answer: it may have been made, or be made in a moment. */
  let finishLast: (() => Outcome) | undefined;
  for (;;) {
    // The answer was lost, and so was the first look: the commit may have been made all the same.
    if (finishLast !== undefined && (await isPublished(audited)) === true) return finishLast();
    const prepared = await prepare(audited).catch((error: unknown) => {
      throw finishLast !== undefined && !provesUnpublished(error) ? commitUnknown(first, error) : error;
    });
    if (prepared === undefined) return finishLast === undefined ? publishedElsewhere(audited) : finishLast();
    audited = prepared.audited;
    const finish = finishOf(prepared);
    try {
      await ports.catalog.commitTransaction([
        prepared.target.change,
        ...prepared.changes.map((each) => each.change),
      ]);
      return finish();
    } catch (error) {
      leftovers.lostRaces = true;
      if (isUnanswered(error)) audited.state.unanswered();
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
        : error instanceof PsybergError && error.retryable;
      if (hopeful && (await tries.again())) continue;
      if (finishLast !== undefined) throw commitUnknown(first, error);
      throw hopeful ? contended(first, error) : error;
    }
  }
}

interface Prepared {
  /** With the snapshot as it was composed for `main` as it is now. */
  readonly audited: Audited;
  readonly target: TargetChange;
  readonly changes: readonly StateChange[];
  readonly together: boolean;
}

/** What is to be committed, on the tables as they are now; undefined when it turns out to have been made. */
async function prepare(first: Audited): Promise<Prepared | undefined> {
  const audited = await onCurrentMain(first);
  // Asked for every try: a catalog that does not list its endpoints shows only by its answer that it has none
  // for this.
  const together = await first.ports.catalog.commitsTogether();
  if (audited === undefined) return undefined;
  const changes = together ? await audited.state.changes(audited) : [];
  return changes === undefined ? undefined : { audited, target: targetChange(audited), changes, together };
}

/** What is done once the commit is known to be made: files that nobody needs any more go. */
const finishOf =
  ({ audited, target, changes, together }: Prepared) =>
  (): Outcome => {
    for (const file of [...target.obsoleteLists, ...changes.flatMap((each) => each.obsoleteFiles)])
      removeLocalFile(file);
    const publishedSnapshotId = audited.composed.snapshot['snapshot-id'];
    return { published: { ...audited, publishedSnapshotId }, together };
  };

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
  if (own === plan.psyberg_session_id) return undefined;
  refuseOvertaken(audited, metadata, own);
  leftovers.lostRaces = true;
  const again = await rebase(audited, { metadata, main });
  removeLocalFile(composed.snapshot['manifest-list']);
  return again;
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
      { action: 'add-snapshot', snapshot },
      moveMain(metadata, snapshot['snapshot-id']),
      ...(head === undefined ? [] : [{ action: 'remove-snapshot-ref' as const, 'ref-name': branch }]),
      ...(staging.length === 0 ? [] : [{ action: 'remove-snapshots' as const, 'snapshot-ids': staging }]),
    ],
  };
  return { change, obsoleteLists: snapshots.map((each) => each['manifest-list']) };
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
async function isPublished(opened: Opened): Promise<boolean | undefined> {
  try {
    return (await publishedSnapshot(opened)) !== undefined;
  } catch (error) {
    if (isUnanswered(error)) return undefined;
    throw error;
  }
}

async function publishedSnapshot(opened: Opened): Promise<Snapshot | undefined> {
  const { process_name, psyberg_session_id } = opened.plan;
  const { metadata } = await loadTarget(opened);
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
  const publishedSnapshotId = (await publishedSnapshot(audited))?.['snapshot-id'];
  return { published: { ...audited, publishedSnapshotId }, together: true };
}
