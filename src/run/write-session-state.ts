/**
 * What a session writes into the engine's own tables: watermarks, its record, its signal. RunContext ->
 * changes to commit together with the target. The files are written while the snapshot is composed and the
 * audits run, and again only for a table that moved meanwhile.
 */
import { sessionRows } from '../state/tables/session.ts';
import { signalRows } from '../state/tables/signal.ts';
import { watermarkRows } from '../state/tables/high-water-mark.ts';
import { AUDIT_FAILURE } from '../state/tables/audit-failure.ts';
import { HIGH_WATER_MARK } from '../state/tables/high-water-mark.ts';
import { SESSION } from '../state/tables/session.ts';
import { SIGNAL } from '../state/tables/signal.ts';
import type { StateChange } from '../state/write-state.ts';
import type { ComposedSnapshot, RunContext } from './context.ts';
import { allOf, changesOf, commitRows, type PendingRows, pendingRows } from './pending-rows.ts';
import { completeToHour } from './stage-load.ts';

export interface StateWriter {
  /** Begins to write watermarks and signal, beside other work: the plan alone says what they are. */
  beginProgress(targetTableUuid: string): void;
  /** Begins to write the session's record, beside other work. The rows are counted by then. */
  beginSession(composed: ComposedSnapshot): void;
  /**
   * The changes on the tables as they are now; undefined when a commit of them without an answer was made
   * after all.
   */
  changes(composed: ComposedSnapshot): Promise<StateChange[] | undefined>;
  /** Told that the commit of the changes got no answer. */
  unanswered(): void;
  /** Commits them one by one, after the target was published: for catalogs without multi-table commits. */
  writeApart(composed: ComposedSnapshot): Promise<void>;
  /** Deletes what was written for nothing. */
  discard(): Promise<void>;
}

/** The writer of a session that is about to publish. */
export function stateWriter(context: RunContext): StateWriter {
  let progress: PendingRows[] | undefined;
  let session: PendingRows | undefined;
  /** Known when all audits are done. */
  let failed: PendingRows | undefined;
  const running: Promise<unknown>[] = [];
  const progressOf = (targetTableUuid: string): PendingRows[] =>
    (progress ??= progressRows(context, targetTableUuid));
  const sessionOf = (composed: ComposedSnapshot): PendingRows =>
    (session ??= publishedSession(context, composed));
  const failures = (): PendingRows[] => {
    // Audits that ran again on a moved target have found other rows.
    if (failed?.rows !== context.auditFailures) {
      failed?.discard();
      [failed] = failureRows(context);
    }
    return failed === undefined ? [] : [failed];
  };
  const written = (): PendingRows[] => [progress ?? [], session ?? [], failed ?? []].flat();
  // The watermark table comes first, so that it is the last one to be written where tables are committed one
  // by one.
  const rowsOf = (composed: ComposedSnapshot): PendingRows[] => [
    ...progressOf(composed.metadata['table-uuid']),
    sessionOf(composed),
    ...failures(),
  ];
  /** A session whose audits fail makes no table. */
  const early = async (each: PendingRows): Promise<void> => {
    if (await context.ports.catalog.tableExists(each.table)) await each.change();
  };
  const begin = (rows: readonly PendingRows[]): void => {
    const writing = allOf(rows.map(early));
    // Told when it is awaited.
    writing.catch(() => undefined);
    running.push(writing);
  };
  const begun = (): Promise<unknown> => allOf(running.splice(0));
  return {
    beginProgress(targetTableUuid) {
      begin(progressOf(targetTableUuid));
    },
    beginSession(composed) {
      begin([sessionOf(composed)]);
    },
    async changes(composed) {
      await begun();
      return changesOf(rowsOf(composed));
    },
    unanswered() {
      for (const each of written()) each.unanswered();
    },
    async writeApart(composed) {
      await begun();
      for (const each of rowsOf(composed).toReversed()) await commitRows(context.ports, [each]);
    },
    async discard() {
      await begun().catch(() => undefined);
      for (const each of written()) each.discard();
    },
  };
}

function progressRows(context: RunContext, targetTableUuid: string): PendingRows[] {
  const { plan, ports } = context;
  const { tables } = ports.project;
  const now = new Date().toISOString();
  const complete = completeToHour(context);
  const watermarks = watermarkRows(plan, { targetTableUuid, completeToHour: complete, updatedAt: now });
  // What the old name has announced, the new one announces.
  const told =
    context.adoptedFrom === undefined
      ? plan
      : { ...plan, target: { ...plan.target, complete_to_hour: null } };
  return [
    pendingRows(context, {
      table: tables.highWaterMarkTable,
      definition: HIGH_WATER_MARK,
      rows: watermarks,
      replacesSession: false,
      ...(context.adoptedFrom === undefined ? {} : { endedProcess: context.adoptedFrom }),
    }),
    pendingRows(context, {
      table: tables.signalTable,
      definition: SIGNAL,
      rows: signalRows(told, { completeToHour: complete, createdAt: now }),
      replacesSession: false,
    }),
  ].filter(({ rows }) => rows.length > 0);
}

function publishedSession(context: RunContext, composed: ComposedSnapshot): PendingRows {
  const { plan, ports, stepwise } = context;
  const rows = sessionRows(plan, {
    status: context.sessionStatus,
    targetSnapshotId: String(composed.snapshot['snapshot-id']),
    rowsRead: String(context.rowsRead),
    rowsWritten: String(context.rowsWritten),
    createdAt: new Date().toISOString(),
    error: null,
    // A step that is repeated after publishing still finds its plan.
    plan: stepwise ? JSON.stringify(plan) : null,
  });
  return pendingRows(context, {
    table: ports.project.tables.sessionTable,
    definition: SESSION,
    rows,
    replacesSession: stepwise,
  });
}

/** Rows of audits that failed. A stepwise session that is audited again replaces what it wrote before. */
const failureRows = (context: RunContext): PendingRows[] =>
  context.auditFailures.length === 0
    ? []
    : [
        pendingRows(context, {
          table: context.ports.project.tables.auditFailureTable,
          definition: AUDIT_FAILURE,
          rows: context.auditFailures,
          replacesSession: context.stepwise,
        }),
      ];

/** Writes the session's rows alone, for a session that publishes nothing: opened, or failed its audits. */
export async function recordSession(
  context: RunContext,
  outcome: { readonly status: string; readonly error: string | null; readonly plan: string | null },
): Promise<void> {
  const { plan, ports, stepwise } = context;
  const rows = sessionRows(plan, {
    ...outcome,
    targetSnapshotId: null,
    rowsRead: String(context.rowsRead),
    rowsWritten: String(context.rowsWritten),
    createdAt: new Date().toISOString(),
  });
  const session = pendingRows(context, {
    table: ports.project.tables.sessionTable,
    definition: SESSION,
    rows,
    replacesSession: stepwise,
  });
  // One by one where a catalog has no multi-table commit: the session's row comes last, and says that all is
  // there.
  const together = await ports.catalog.commitsTogether();
  const writes = [...failureRows(context), session];
  for (const each of together ? [writes] : writes.map((one) => [one])) await commitRows(ports, each);
  context.auditFailures = [];
}
