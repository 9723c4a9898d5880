/**
 * Publishing: one commit that moves `main` to the audited snapshot, sets the watermarks, records the session
 * and announces completeness. There is no moment at which one of them exists without the others.
 */
import { ancestors, mainSnapshot } from '../iceberg/history.ts';
import { moveMain } from '../iceberg/references.ts';
import type { Snapshot, TableMetadata } from '../iceberg/table-metadata.ts';
import type { TableUpdate } from '../iceberg/table-update.ts';
import { PsybergError, conflict, isUnanswered } from '../model/errors.ts';
import type { ComposeStep } from '../model/step.ts';
import { removeLocalFile } from '../files/local.ts';
import {
  SUMMARY,
  lastSessionProperty,
  progressInSummary,
  publishedProperty,
} from '../state/read-watermarks.ts';
import { liveRows, publishersOf } from '../state/target-publishers.ts';
import type { StateChange } from '../state/write-state.ts';
import type { TableChange } from '../catalog/service/catalog-face.ts';
import { type ComposedSnapshot, type RunContext, loadTarget } from './context.ts';
import { branchHead, stagingSnapshots } from '../iceberg/references.ts';
import { targetMoved } from './open-branch.ts';
import { patience } from './patience.ts';
import { rebase } from './rebase.ts';
import { type StateWriter, stateWriter } from './write-session-state.ts';

/** Tries of a commit whose fate the catalog does not tell; it is gone then, and the next run looks again. */
const UNANSWERED_MAX = 5;

/**
 * Publishes the audited snapshot. Throws `target-moved` or `session-overtaken` (plan again),
 * `publish-contended` or `commit-unknown` after the last try.
 */
export async function publish(context: RunContext, composeStep: ComposeStep): Promise<void> {
  context.state ??= stateWriter(context);
  const together = await publishTarget(context, composeStep);
  // Published is published: what is not written down now, the next session of the process writes down
  // (`repair-state.ts`).
  if (!together)
    await context.state
      .writeApart(context.composed as ComposedSnapshot)
      .catch((error: unknown) => context.ports.onStep(`state tables: ${String(error)}`));
}

/**
 * Whether the state tables were committed together with the target: the catalog has multi-table commits.
 * Without them the target goes first: its summary holds the watermarks, and the state tables are an index of
 * it.
 */
async function publishTarget(context: RunContext, composeStep: ComposeStep): Promise<boolean> {
  const { catalog } = context.ports;
  const tries = patience();
  let unanswered = 0;
  /** Of the last try that got no answer: it may have been made, or be made in a moment. */
  let finishLast: (() => boolean) | undefined;
  for (;;) {
    // The answer was lost, and so was the first look: the commit may have been made all the same.
    if (finishLast !== undefined && (await isPublished(context)) === true) return finishLast();
    const prepared = await prepare(context, composeStep).catch((error: unknown) => {
      throw finishLast !== undefined && !provesUnpublished(error) ? commitUnknown(context, error) : error;
    });
    if (prepared === undefined) return finishLast === undefined ? publishedElsewhere(context) : finishLast();
    const { composed, changes, together } = prepared;
    const target = targetChange(context, composed);
    const finish = (): boolean => {
      context.publishedSnapshotId = composed.snapshot['snapshot-id'];
      for (const file of [...target.obsoleteLists, ...changes.flatMap((each) => each.obsoleteFiles)])
        removeLocalFile(file);
      return together;
    };
    try {
      await catalog.commitTransaction([target.change, ...changes.map((each) => each.change)]);
      return finish();
    } catch (error) {
      context.lostRaces = true;
      if (isUnanswered(error)) context.state?.unanswered();
      // A lost answer is not a lost commit: look before trying again, or the rows are published twice.
      const done = await isPublished(context);
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
      if (finishLast !== undefined) throw commitUnknown(context, error);
      throw hopeful ? contended(context, error) : error;
    }
  }
}

interface Prepared {
  readonly composed: ComposedSnapshot;
  readonly changes: readonly StateChange[];
  readonly together: boolean;
}

/** What is to be committed, on the tables as they are now; undefined when it turns out to have been made. */
async function prepare(context: RunContext, composeStep: ComposeStep): Promise<Prepared | undefined> {
  const composed = await onCurrentMain(context, composeStep);
  // Asked for every try: a catalog that does not list its endpoints shows only by its answer that it has none
  // for this.
  const together = await context.ports.catalog.commitsTogether();
  const changes =
    composed === undefined || !together ? [] : await (context.state as StateWriter).changes(composed);
  return composed === undefined || changes === undefined ? undefined : { composed, changes, together };
}

/**
 * `main` has moved by another hand: an earlier try that is still on its way will not find it as it must be.
 */
const provesUnpublished = (error: unknown): boolean =>
  error instanceof PsybergError && ['target-moved', 'session-overtaken'].includes(error.code);

function commitUnknown({ plan }: RunContext, error: unknown): PsybergError {
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
function contended({ plan }: RunContext, error: unknown): PsybergError {
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
 * The composed snapshot, composed again when `main` moved, or when another session's snapshot took its
 * sequence number; undefined when it is in the history of `main` already.
 */
async function onCurrentMain(
  context: RunContext,
  composeStep: ComposeStep,
): Promise<ComposedSnapshot | undefined> {
  const composed = context.composed as ComposedSnapshot;
  const { metadata } = await loadTarget(context);
  const main = mainSnapshot(metadata);
  const isAhead = (composed.snapshot['sequence-number'] ?? 0n) > metadata['last-sequence-number'];
  if (main?.['snapshot-id'] === composed.baseSnapshotId && isAhead) return composed;
  const { plan, spec, adoptedFrom } = context;
  const own = progressInSummary(metadata, spec.processName)?.psybergSessionId ?? null;
  if (own === plan.psyberg_session_id) return undefined;
  // A session of the old name that published meanwhile has moved the watermarks that are taken over.
  const session =
    adoptedFrom === undefined ? own : (progressInSummary(metadata, adoptedFrom)?.psybergSessionId ?? null);
  if (adoptedFrom !== undefined && own !== null) throw targetMoved(plan, main?.['snapshot-id']);
  // The session before this one is not told of any more: somebody rolled the target back, or expired its
  // history.
  if (session === null && plan.target.previous_session_id !== null)
    throw targetMoved(plan, main?.['snapshot-id']);
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
  if (session === null && context.sessionStatus !== 'adopted' && isFilledByOthers(spec, metadata))
    throw targetMoved(plan, main?.['snapshot-id']);
  context.lostRaces = true;
  const again = await rebase(context, composeStep, { metadata, main });
  removeLocalFile(composed.snapshot['manifest-list']);
  return again;
}

/** True when a first session that is planned on this target would be refused, as far as metadata tell. */
function isFilledByOthers({ processName, target }: RunContext['spec'], metadata: TableMetadata): boolean {
  if (target.existingRows === 'keep') return false;
  const main = mainSnapshot(metadata);
  const isEmpty = main === undefined || liveRows(main) === 0n;
  return !isEmpty || publishersOf(metadata).some((name) => name !== processName);
}

/**
 * The change of the target, and the manifest lists that nobody needs once it is made: those of the staging
 * snapshots.
 */
function targetChange(
  context: RunContext,
  composed: ComposedSnapshot,
): { readonly change: TableChange; readonly obsoleteLists: readonly string[] } {
  const { spec, branch, schema } = context;
  const { snapshot, metadata, baseSnapshotId } = composed;
  const head = branchHead(metadata, branch);
  const snapshots = stagingSnapshots(metadata, branch, context.base?.['snapshot-id']);
  const staging = snapshots.map((each) => each['snapshot-id']);
  // Somebody's expiry took staged snapshots, and left their files: they are looked for when the session ends.
  if (staging.length < context.stagedIds.length + (context.clearedId === undefined ? 0 : 1))
    context.lostRaces = true;
  const { processName } = spec;
  const change: TableChange = {
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
          [lastSessionProperty(processName)]: context.plan.psyberg_session_id,
        },
      },
      ...endedProperties(context, metadata),
      { action: 'add-snapshot', snapshot },
      moveMain(metadata, snapshot['snapshot-id']),
      ...(head === undefined ? [] : [{ action: 'remove-snapshot-ref' as const, 'ref-name': branch }]),
      ...(staging.length === 0 ? [] : [{ action: 'remove-snapshots' as const, 'snapshot-ids': staging }]),
    ],
  };
  return { change, obsoleteLists: snapshots.map((each) => each['manifest-list']) };
}

/** What the target says of a name whose progress is taken over: it has published nothing that is its own. */
function endedProperties({ adoptedFrom }: RunContext, { properties = {} }: TableMetadata): TableUpdate[] {
  if (adoptedFrom === undefined) return [];
  const removals = [publishedProperty(adoptedFrom), lastSessionProperty(adoptedFrom)].filter(
    (key) => key in properties,
  );
  return removals.length === 0 ? [] : [{ action: 'remove-properties', removals }];
}

/**
 * Looks whether the session's snapshot is in the history of `main`. Undefined when the catalog does not say.
 */
async function isPublished(context: RunContext): Promise<boolean | undefined> {
  try {
    return (await publishedSnapshot(context)) !== undefined;
  } catch (error) {
    if (isUnanswered(error)) return undefined;
    throw error;
  }
}

async function publishedSnapshot(context: RunContext): Promise<Snapshot | undefined> {
  const { process_name, psyberg_session_id } = context.plan;
  const { metadata } = await loadTarget(context);
  for (const snapshot of ancestors(metadata, mainSnapshot(metadata)))
    if (
      snapshot.summary?.[SUMMARY.processName] === process_name &&
      snapshot.summary[SUMMARY.sessionId] === psyberg_session_id
    )
      return snapshot;
  return undefined;
}

/** The same step of the session, run twice at once: the other one published, and writes the state tables. */
async function publishedElsewhere(context: RunContext): Promise<boolean> {
  context.publishedSnapshotId = (await publishedSnapshot(context))?.['snapshot-id'];
  return true;
}
