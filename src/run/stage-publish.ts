/**
 * Publishing: one commit that moves `main` to the audited snapshot, sets the watermarks, records the session and announces completeness.
 * There is no moment at which one of them exists without the others.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { StateChange, TableChange } from '../state/write-state.ts';
import { composeStateChange, deleteObsoleteFiles, ensureStateTable } from '../state/write-state.ts';
import { ancestors, mainSnapshot, snapshotById } from '../iceberg/history.ts';
import type { Snapshot, TableMetadata } from '../iceberg/table-metadata.ts';
import { PsybergError, conflict } from '../model/errors.ts';
import type { TableIdentifier } from '../model/names.ts';
import type { CompiledPlan, Step } from '../model/plan.ts';
import { progressInSummary, SUMMARY } from '../state/read-watermarks.ts';
import { sessionRows, signalRows, watermarkRows } from '../state/state-rows.ts';
import { HIGH_WATER_MARK, SESSION, SIGNAL, type StateTable } from '../state/state-tables.ts';
import type { StateRow } from '../state/write-state.ts';
import { type ComposedSnapshot, type RunContext, branchHead, loadTarget, stagingSnapshots } from './context.ts';
import { failureWrites } from './audit-failures.ts';
import { targetMoved } from './open-branch.ts';
import { completeToHour, composeSnapshot } from './stage-load.ts';

/** Tries before giving up with exit 4. Every publish of the warehouse meets in the state tables, so races there are normal. Not measured. */
const ATTEMPTS = 12;

/** Publishes the audited snapshot. Throws `target-moved` or `session-overtaken` (plan again), or `commit-conflict` after the last try. */
export async function publish(context: RunContext, composeStep: Step): Promise<void> {
  const composed = await publishTarget(context, composeStep);
  // Published is published: what is not written down now, the next session of the process writes down (`repair-state.ts`).
  if (!(await context.ports.catalog.commitsTogether())) await writeStateApart(context, composed).catch((error: unknown) => context.ports.onStep(`state tables: ${String(error)}`));
}

/** Without multi-table commits the target goes first: its summary holds the watermarks, and the state tables are an index of it. */
async function writeStateApart(context: RunContext, composed: ComposedSnapshot): Promise<void> {
  for (const write of [...stateWrites(context, composed)].reverse())
    for (let attempt = 1; ; attempt += 1) {
      try {
        // Another session may have repaired these rows already: they are written anew, not again.
        const written = (await context.ports.catalog.loadTable(write[0]))?.metadata.snapshots?.some(
          ({ summary }) => summary?.[SUMMARY.processName] === context.plan.process_name && summary[SUMMARY.sessionId] === context.plan.psyberg_session_id,
        );
        const states = await stateTableChanges(context, context.plan, [[write[0], write[1], write[2], write[3] || written === true]]);
        await context.ports.catalog.commitTransaction(states.map((each) => each.change));
        deleteObsoleteFiles(states);
        break;
      } catch (error) {
        if (!(error instanceof PsybergError) || !error.retryable || attempt >= ATTEMPTS) throw error;
        await sleep(Math.random() * 20 * 2 ** Math.min(attempt, 5));
      }
    }
}

async function publishTarget(context: RunContext, composeStep: Step): Promise<ComposedSnapshot> {
  for (let attempt = 1; ; attempt += 1) {
    const composed = await onCurrentMain(context, composeStep);
    const states = (await context.ports.catalog.commitsTogether()) ? await stateTableChanges(context, context.plan, stateWrites(context, composed)) : [];
    try {
      await context.ports.catalog.commitTransaction([targetChange(context, composed), ...states.map((each) => each.change)]);
      deleteObsoleteFiles(states);
      context.publishedSnapshotId = composed.snapshot['snapshot-id'];
      return composed;
    } catch (error) {
      // A lost answer is not a lost commit: look before trying again, or the rows are published twice.
      if (await isPublished(context, composed.snapshot)) {
        context.publishedSnapshotId = composed.snapshot['snapshot-id'];
        return composed;
      }
      if (!(error instanceof PsybergError) || !error.retryable || attempt >= ATTEMPTS) throw error;
      await sleep(Math.random() * 20 * 2 ** Math.min(attempt, 5));
    }
  }
}

/** The composed snapshot, composed again when `main` moved: an append fits on any base, an overwrite was computed on its own. */
async function onCurrentMain(context: RunContext, composeStep: Step): Promise<ComposedSnapshot> {
  const composed = context.composed as ComposedSnapshot;
  const { metadata } = await loadTarget(context);
  const main = mainSnapshot(metadata);
  if (main?.['snapshot-id'] === composed.baseSnapshotId) return composed;
  const { plan, spec } = context;
  const published = progressInSummary(metadata, spec.processName)?.psybergSessionId ?? null;
  if (published !== plan.target.previous_session_id)
    throw conflict('session-overtaken', `another session of ${spec.processName} (${published}) published while this one ran: its rows may be the same`, {
      hint: 'plan again',
      context: { process_name: spec.processName, session: published },
    });
  if (plan.target.operation === 'overwrite') throw targetMoved(plan, main?.['snapshot-id']);
  context.composed = await composeSnapshot(context, composeStep, main);
  return context.composed;
}

function targetChange(context: RunContext, composed: ComposedSnapshot): TableChange {
  const { spec, branch } = context;
  const { snapshot, metadata, baseSnapshotId } = composed;
  const head = branchHead(metadata, branch);
  const staging = stagingSnapshots(metadata, branch, context.base?.['snapshot-id']).map((each) => each['snapshot-id']);
  return {
    identifier: spec.target.table,
    requirements: [
      { type: 'assert-table-uuid', uuid: metadata['table-uuid'] },
      // Requirement first: without it two sessions could publish over each other.
      { type: 'assert-ref-snapshot-id', ref: 'main', 'snapshot-id': baseSnapshotId ?? null },
      { type: 'assert-ref-snapshot-id', ref: branch, 'snapshot-id': head?.['snapshot-id'] ?? null },
    ],
    updates: [
      { action: 'add-snapshot', snapshot },
      { action: 'set-snapshot-ref', 'ref-name': 'main', type: 'branch', 'snapshot-id': snapshot['snapshot-id'] },
      ...(head === undefined ? [] : [{ action: 'remove-snapshot-ref' as const, 'ref-name': branch }]),
      ...(staging.length === 0 ? [] : [{ action: 'remove-snapshots' as const, 'snapshot-ids': staging }]),
    ],
  };
}

export type StateWrite = readonly [TableIdentifier, StateTable, StateRow[], boolean];

function stateWrites(context: RunContext, composed: ComposedSnapshot): StateWrite[] {
  const { plan, ports } = context;
  const { tables } = ports.project;
  const now = new Date().toISOString();
  const complete = completeToHour(context);
  const session = sessionRows(plan, {
    status: context.sessionStatus,
    targetSnapshotId: String(composed.snapshot['snapshot-id']),
    rowsRead: String(context.rowsRead),
    rowsWritten: String(context.rowsWritten),
    createdAt: now,
    error: null,
    // A step that is repeated after publishing still finds its plan.
    plan: context.stepwise ? JSON.stringify(plan) : null,
  });
  const stepwise = context.stepwise;
  const writes: StateWrite[] = [
    [tables.highWaterMarkTable, HIGH_WATER_MARK, watermarkRows(plan, { targetTableUuid: composed.metadata['table-uuid'], completeToHour: complete, updatedAt: now }), false],
    [tables.sessionTable, SESSION, session, stepwise],
    [tables.signalTable, SIGNAL, signalRows(plan, { completeToHour: complete, createdAt: now }), false],
    ...failureWrites(context),
  ];
  return writes;
}

/** The changes of several state tables. Their statements run side by side: each table's files take about 20 ms, most of it waiting. */
async function stateTableChanges(context: RunContext, plan: CompiledPlan, writes: readonly StateWrite[]): Promise<StateChange[]> {
  const { engine, catalog } = context.ports;
  const wanted = writes.filter(([, , rows]) => rows.length > 0);
  return Promise.all(
    wanted.map(async ([table, definition, rows, replacesSession]) => {
      const metadata: TableMetadata = await ensureStateTable(catalog, table, definition);
      const connection = await engine.fork();
      try {
        return await composeStateChange(connection, metadata, {
          table,
          definition,
          processName: plan.process_name,
          psybergSessionId: plan.psyberg_session_id,
          rows,
          replacesSession,
        });
      } finally {
        connection.release();
      }
    }),
  );
}

/** Writes the session's rows alone, for a session that publishes nothing: opened, or failed its audits. */
export async function recordSession(context: RunContext, outcome: { readonly status: string; readonly error: string | null; readonly plan: string | null }): Promise<void> {
  const { plan, ports } = context;
  const rows = sessionRows(plan, {
    ...outcome,
    targetSnapshotId: null,
    rowsRead: String(context.rowsRead),
    rowsWritten: String(context.rowsWritten),
    createdAt: new Date().toISOString(),
  });
  for (let attempt = 1; ; attempt += 1) {
    try {
      const states = await stateTableChanges(context, plan, [...failureWrites(context), [ports.project.tables.sessionTable, SESSION, rows, context.stepwise]]);
      // One by one where a catalog has no multi-table commit: the session's row comes last, and says that all is there.
      const commits = (await ports.catalog.commitsTogether()) ? [states] : states.map((each) => [each]);
      for (const each of commits) await ports.catalog.commitTransaction(each.map((state) => state.change));
      deleteObsoleteFiles(states);
      context.auditFailures = [];
      return;
    } catch (error) {
      if (!(error instanceof PsybergError) || !error.retryable || attempt >= ATTEMPTS) throw error;
      await sleep(Math.random() * 20 * 2 ** Math.min(attempt, 5));
    }
  }
}

async function isPublished(context: RunContext, snapshot: Snapshot): Promise<boolean> {
  const { metadata } = await loadTarget(context);
  if (snapshotById(metadata, snapshot['snapshot-id']) === undefined) return false;
  for (const each of ancestors(metadata, mainSnapshot(metadata))) if (each['snapshot-id'] === snapshot['snapshot-id']) return true;
  return false;
}
