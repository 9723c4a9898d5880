/**
 * Writes a session's watermarks, record and signal for the state tables. Session -> changes to commit
 * together with the target. The files are written while the snapshot is composed and the audits run, and
 * again only for a table that moved meanwhile.
 */
import { completeToHour } from '../../model/complete-to-hour.ts';
import { AUDIT_FAILURE } from '../../state/tables/audit-failure.ts';
import { FILE, fileRows } from '../../state/tables/file.ts';
import { HIGH_WATER_MARK, watermarkRows } from '../../state/tables/high-water-mark.ts';
import { publishedFacts, SESSION, sessionRows } from '../../state/tables/session.ts';
import { SIGNAL } from '../../state/tables/signal.ts';
import type { StateRow } from '../../state/tables/state-table.ts';
import type { Audited, Begun, Staged, StateWriter } from '../session.ts';
import { allOf, changesOf, commitRows, type PendingRows, pendingRows } from './pending-rows.ts';
import { sessionSignals } from './session-signals.ts';

/**
 * The rows of each table, once they are known. A table's files are written when its change is first asked
 * for.
 */
interface WrittenTables {
  progress?: PendingRows[];
  session?: PendingRows;
  /** Known once all audits are done. */
  failures?: PendingRows | undefined;
}

/**
 * All rows to commit with a session. The watermark table comes first, because tables that are committed one
 * by one are committed in reverse: once it has the session all others do.
 */
function rowsOf(tables: WrittenTables, audited: Audited): PendingRows[] {
  tables.progress ??= progressRows(audited, audited.composed.metadata['table-uuid']);
  tables.session ??= publishedSession(audited);
  // Audits that ran again on a moved target may have found other rows.
  if (tables.failures?.rows !== audited.failures) {
    tables.failures?.discard();
    [tables.failures] = failureRows(audited, audited.failures);
  }
  return [...tables.progress, tables.session, tables.failures ?? []].flat();
}

/** Makes the state writer of a session. What it writes ahead is noted in the session's leftovers. */
export function stateWriter(begun: Staged): StateWriter {
  const { catalog } = begun.ports;
  const tables: WrittenTables = {};
  const written = (): PendingRows[] =>
    [tables.progress ?? [], tables.session ?? [], tables.failures ?? []].flat();
  const running: Promise<unknown>[] = [];
  const begin = (rows: readonly PendingRows[]): void => {
    // Only for tables that exist: a session whose audits fail must not have created one.
    const early = rows.map(async (each) => {
      if (await catalog.tableExists(each.table)) await each.change();
    });
    const writing = allOf(early);
    // A failure surfaces where `ended` is awaited.
    writing.catch(() => undefined);
    running.push(writing);
  };
  const ended = (): Promise<unknown> => allOf(running.splice(0));
  const writer: StateWriter = {
    beginProgress(targetTableUuid) {
      tables.progress = progressRows(begun, targetTableUuid);
      begin(tables.progress);
    },
    beginSession(counted) {
      tables.session = publishedSession(counted);
      begin([tables.session]);
    },
    async changes(audited) {
      await ended();
      return changesOf(rowsOf(tables, audited));
    },
    unanswered() {
      for (const each of written()) each.unanswered();
    },
    async writeApart(audited) {
      await ended();
      for (const each of rowsOf(tables, audited).toReversed()) await commitRows(begun.ports, [each]);
    },
    async discard() {
      await ended().catch(() => undefined);
      for (const each of written()) each.discard();
    },
  };
  begun.leftovers.stateRows = writer;
  return writer;
}

function progressRows(session: Staged, targetTableUuid: string): PendingRows[] {
  const { plan, ports, adoption } = session;
  const { tables } = ports.project;
  const now = new Date().toISOString();
  const complete = completeToHour(plan);
  const watermarks = watermarkRows(plan, { targetTableUuid, completeToHour: complete, updatedAt: now });
  return [
    pendingRows(session, {
      table: tables.highWaterMarkTable,
      definition: HIGH_WATER_MARK,
      rows: watermarks,
      replacesSession: false,
      ...(adoption?.from === undefined ? {} : { endedProcess: adoption.from }),
    }),
    pendingRows(session, {
      table: tables.signalTable,
      definition: SIGNAL,
      rows: sessionSignals(session, now),
      replacesSession: false,
    }),
    ...fileLedger(session, now),
  ].filter(({ rows }) => rows.length > 0);
}

/** Rows for the ledger: the files that were read, and that later sessions skip. */
function fileLedger(session: Begun, now: string): PendingRows[] {
  const reads = session.plan.sources.flatMap(({ read, watermark }) =>
    // A restate may read the files of its watermark again, which are in the ledger already.
    read.kind === 'files' && !(session.plan.trigger === 'restate' && read.session === watermark?.snapshot_id)
      ? [read]
      : [],
  );
  const [first] = reads;
  return first === undefined
    ? []
    : [
        pendingRows(session, {
          table: session.ports.project.tables.fileTable,
          definition: FILE,
          rows: fileRows(session.plan, now),
          replacesSession: session.stepwise,
          ledger: { session: BigInt(first.session), undone: reads.some(({ undone }) => undone) },
        }),
      ];
}

function publishedSession(counted: Audited): PendingRows {
  const { plan, spec, ports, stepwise, adoption, composed } = counted;
  const rows = sessionRows(plan, {
    status: adoption === undefined ? 'published' : 'adopted',
    targetSnapshotId: String(composed.snapshot['snapshot-id']),
    rowsRead: String(counted.rowsRead),
    rowsWritten: String(counted.rowsWritten),
    createdAt: new Date().toISOString(),
    error: null,
    // A stepwise session keeps its plan, so that a step repeated after the publish still finds it.
    plan: stepwise ? JSON.stringify(plan) : null,
    published: adoption === undefined ? publishedFacts(composed.snapshot.summary, spec) : null,
  });
  return pendingRows(counted, {
    table: ports.project.tables.sessionTable,
    definition: SESSION,
    rows,
    replacesSession: stepwise,
  });
}

/** Rows of audits that failed. A stepwise session that is audited again replaces what it wrote before. */
const failureRows = (session: Begun, failures: readonly StateRow[]): PendingRows[] =>
  failures.length === 0
    ? []
    : [
        pendingRows(session, {
          table: session.ports.project.tables.auditFailureTable,
          definition: AUDIT_FAILURE,
          rows: failures,
          replacesSession: session.stepwise,
        }),
      ];

/** How a session ended, or how far it is, if it publishes nothing. */
export interface SessionEnding extends Partial<Pick<Audited, 'rowsRead' | 'rowsWritten' | 'failures'>> {
  readonly status: string;
  /** JSON of the error. */
  readonly error: string | null;
  /** JSON of the plan, for a session that goes on step by step. */
  readonly plan: string | null;
}

/** Records a session that was opened, or that failed its audits, in the session table. */
export async function recordSession(session: Begun, ending: SessionEnding): Promise<void> {
  const { plan, ports, stepwise } = session;
  const { status, error, rowsRead = 0n, rowsWritten = 0n, failures = [] } = ending;
  const rows = sessionRows(plan, {
    status,
    error,
    plan: ending.plan,
    targetSnapshotId: null,
    rowsRead: String(rowsRead),
    rowsWritten: String(rowsWritten),
    createdAt: new Date().toISOString(),
  });
  const record = pendingRows(session, {
    table: ports.project.tables.sessionTable,
    definition: SESSION,
    rows,
    replacesSession: stepwise,
  });
  // One by one where a catalog has no multi-table commit: the session's row comes last, and says that all is
  // there.
  const together = await ports.catalog.commitsTogether();
  const writes = [...failureRows(session, failures), record];
  for (const each of together ? [writes] : writes.map((one) => [one])) await commitRows(ports, each);
}
