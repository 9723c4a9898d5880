/**
 * What a session writes into the engine's own tables: watermarks, its record, its signal. RunContext -> changes to commit together with the target.
 * The files are written while the snapshot is composed and the audits run, and again only for a table that moved meanwhile.
 */
import { mainSnapshot } from '../iceberg/history.ts';
import type { SnapshotId } from '../iceberg/table-metadata.ts';
import { PsybergError } from '../model/errors.ts';
import type { TableIdentifier } from '../model/names.ts';
import { removeLocalFile } from '../state/local-files.ts';
import { SUMMARY } from '../state/read-watermarks.ts';
import { sessionRows, signalRows, watermarkRows } from '../state/state-rows.ts';
import { AUDIT_FAILURE, HIGH_WATER_MARK, SESSION, SIGNAL, type StateTable } from '../state/state-tables.ts';
import { type StateChange, type StateRow, composeStateChange, deleteObsoleteFiles, ensureStateTable } from '../state/write-state.ts';
import type { ComposedSnapshot, RunContext } from './context.ts';
import { patience } from './patience.ts';
import { completeToHour } from './stage-load.ts';

/** Rows for one state table, and the change that writes them. */
interface PendingRows {
  readonly table: TableIdentifier;
  readonly definition: StateTable;
  readonly rows: readonly StateRow[];
  replacesSession: boolean;
  written: { readonly base: SnapshotId | undefined; readonly change: StateChange } | undefined;
}

export interface StateWriter {
  /** Begins to write watermarks and signal, beside other work: the plan alone says what they are. */
  beginProgress(targetTableUuid: string): void;
  /** Begins to write the session's record, beside other work. The rows are counted by then. */
  beginSession(composed: ComposedSnapshot): void;
  /** The changes on the tables as they are now. */
  changes(composed: ComposedSnapshot): Promise<StateChange[]>;
  /** Commits them one by one, after the target was published: for catalogs without multi-table commits. */
  writeApart(composed: ComposedSnapshot): Promise<void>;
  /** Deletes what was written for nothing. */
  discard(): Promise<void>;
}

/** The writer of a session that is about to publish. */
export function stateWriter(context: RunContext): StateWriter {
  let progress: PendingRows[] | undefined;
  let session: PendingRows[] | undefined;
  const running: Promise<unknown>[] = [];
  const progressOf = (targetTableUuid: string): PendingRows[] => {
    progress ??= progressRows(context, targetTableUuid);
    return progress;
  };
  const sessionOf = (composed: ComposedSnapshot): PendingRows[] => {
    session ??= publishedSession(context, composed);
    return session;
  };
  // The watermark table comes first, so that it is the last one to be written where tables are committed one by one.
  const rowsOf = (composed: ComposedSnapshot): PendingRows[] => [...progressOf(composed.metadata['table-uuid']), ...sessionOf(composed)];
  /** Known when all audits are done. */
  let failed: PendingRows[] | undefined;
  const failures = (): PendingRows[] => {
    // Audits that ran again on a moved target have found other rows.
    if (failed?.[0]?.rows !== context.auditFailures) failed = failureRows(context);
    return failed ?? [];
  };
  /** A session whose audits fail makes no table. */
  const early = async (each: PendingRows): Promise<void> => {
    if (await context.ports.catalog.tableExists(each.table)) await current(context, each);
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
      begin(sessionOf(composed));
    },
    async changes(composed) {
      await begun();
      return allOf([...rowsOf(composed), ...failures()].map((each) => current(context, each)));
    },
    async writeApart(composed) {
      await begun();
      for (const each of [...rowsOf(composed), ...failures()].toReversed()) await commitApart(context, each);
    },
    async discard() {
      await begun().catch(() => undefined);
      for (const each of [...(progress ?? []), ...(session ?? []), ...(failed ?? [])]) for (const file of each.written?.change.files ?? []) removeLocalFile(file);
    },
  };
}

function progressRows(context: RunContext, targetTableUuid: string): PendingRows[] {
  const { plan, ports } = context;
  const { tables } = ports.project;
  const now = new Date().toISOString();
  const complete = completeToHour(context);
  const watermarks = watermarkRows(plan, { targetTableUuid, completeToHour: complete, updatedAt: now });
  const all: PendingRows[] = [
    { table: tables.highWaterMarkTable, definition: HIGH_WATER_MARK, rows: watermarks, replacesSession: false, written: undefined },
    { table: tables.signalTable, definition: SIGNAL, rows: signalRows(plan, { completeToHour: complete, createdAt: now }), replacesSession: false, written: undefined },
  ];
  return all.filter(({ rows }) => rows.length > 0);
}

function publishedSession(context: RunContext, composed: ComposedSnapshot): PendingRows[] {
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
  return [{ table: ports.project.tables.sessionTable, definition: SESSION, rows, replacesSession: stepwise, written: undefined }];
}

/** Rows of audits that failed. A stepwise session that is audited again replaces what it wrote before. */
const failureRows = (context: RunContext): PendingRows[] =>
  context.auditFailures.length === 0
    ? []
    : [
        {
          table: context.ports.project.tables.auditFailureTable,
          definition: AUDIT_FAILURE,
          rows: context.auditFailures,
          replacesSession: context.stepwise,
          written: undefined,
        },
      ];

/** The change of one state table; what was written for an older state of it is written again. Several run side by side: each takes about 20 ms, most of it waiting. */
async function current(context: RunContext, pending: PendingRows): Promise<StateChange> {
  const { plan, ports } = context;
  const { table, definition, rows, replacesSession, written } = pending;
  const metadata = await ensureStateTable(ports.catalog, table, definition);
  const base = mainSnapshot(metadata)?.['snapshot-id'];
  if (written !== undefined && written.base === base && written.change.sequenceNumber > metadata['last-sequence-number']) return written.change;
  for (const file of written?.change.files ?? []) removeLocalFile(file);
  const connection = await ports.engine.fork();
  try {
    const change = await composeStateChange(connection, metadata, {
      table,
      definition,
      processName: plan.process_name,
      psybergSessionId: plan.psyberg_session_id,
      rows,
      replacesSession,
    });
    pending.written = { base, change };
    return change;
  } finally {
    connection.release();
  }
}

/** Commits one table's rows. Another session may have repaired them already: then they are written anew, not again. */
async function commitApart(context: RunContext, pending: PendingRows): Promise<void> {
  const { catalog } = context.ports;
  const { process_name, psyberg_session_id } = context.plan;
  const tries = patience();
  for (;;) {
    const repaired = (await catalog.loadTable(pending.table))?.metadata.snapshots?.some(
      ({ summary }) => summary?.[SUMMARY.processName] === process_name && summary[SUMMARY.sessionId] === psyberg_session_id,
    );
    if (repaired === true && !pending.replacesSession) {
      for (const file of pending.written?.change.files ?? []) removeLocalFile(file);
      Object.assign(pending, { replacesSession: true, written: undefined });
    }
    if (await commitOnce(context, [pending], tries)) return;
  }
}

/** False when it lost a race and there is time for another try. */
async function commitOnce(context: RunContext, writes: readonly PendingRows[], tries: ReturnType<typeof patience>): Promise<boolean> {
  const changes = await allOf(writes.map((each) => current(context, each)));
  try {
    await context.ports.catalog.commitTransaction(changes.map((each) => each.change));
    deleteObsoleteFiles(changes);
    return true;
  } catch (error) {
    if (error instanceof PsybergError && error.retryable && (await tries.again())) return false;
    // Only a conflict says that it was not made: files of a commit without an answer may be the table's.
    if (error instanceof PsybergError && error.code === 'commit-conflict') for (const file of changes.flatMap((each) => each.files)) removeLocalFile(file);
    throw error;
  }
}

/** Writes the session's rows alone, for a session that publishes nothing: opened, or failed its audits. */
export async function recordSession(context: RunContext, outcome: { readonly status: string; readonly error: string | null; readonly plan: string | null }): Promise<void> {
  const { plan, ports, stepwise } = context;
  const rows = sessionRows(plan, {
    ...outcome,
    targetSnapshotId: null,
    rowsRead: String(context.rowsRead),
    rowsWritten: String(context.rowsWritten),
    createdAt: new Date().toISOString(),
  });
  const session: PendingRows = { table: ports.project.tables.sessionTable, definition: SESSION, rows, replacesSession: stepwise, written: undefined };
  // One by one where a catalog has no multi-table commit: the session's row comes last, and says that all is there.
  const together = await ports.catalog.commitsTogether();
  const writes = [...failureRows(context), session];
  for (const each of together ? [writes] : writes.map((one) => [one])) {
    const tries = patience();
    while (!(await commitOnce(context, each, tries)));
  }
  context.auditFailures = [];
}

/** All results, or the first error, but not before every one has ended: a statement that is still running would meet a closed database. */
async function allOf<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(promises);
  return Promise.all(promises);
}
