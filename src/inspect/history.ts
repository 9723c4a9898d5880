/** Lists what the session table and the signal table hold. Workspace -> rows. Reads only. */
import { usageError } from '../model/errors.ts';
import { processesInDependencyOrder } from '../project/dependency-order.ts';
import type { HistoryRow, SignalRow } from '../report/status.ts';
import { lakeTable, statement } from '../statements/index.ts';
import type { Workspace } from '../workspace/open-workspace.ts';
import { fewNewestSessions, type NewestSessions, type RecordedSession } from './few-sessions.ts';
import { fewSignals, type RecordedSignal, type SignalsAsked } from './few-signals.ts';

export interface RowsRequest {
  /** At most this many rows; default 20. */
  readonly limit?: number | undefined;
}

const ROWS_DEFAULT = 20;

/** Lists the sessions of one process or of all, newest first. Throws `process-unknown`. */
export const readHistory = async (
  workspace: Workspace,
  processName: string | undefined,
  request: RowsRequest = {},
): Promise<HistoryRow[]> => (await readNewestSessions(workspace, processName, request)).sessions;

/** The same, together with the number of sessions in all. */
export async function readNewestSessions(
  workspace: Workspace,
  processName: string | undefined,
  { limit = ROWS_DEFAULT }: RowsRequest = {},
): Promise<{ readonly sessions: HistoryRow[]; readonly total: number }> {
  if (processName !== undefined) processesInDependencyOrder(workspace.project, [processName]);
  const { sessionTable } = workspace.project.tables;
  const metadata = (await workspace.client.loadTable(sessionTable))?.metadata;
  if (metadata === undefined) return { sessions: [], total: 0 };
  const asked = { processName, limit: rowLimit(limit) };
  const { sessions, total } =
    (await fewNewestSessions(metadata, asked)) ?? (await newestSessions(workspace, asked));
  return {
    sessions: sessions.map(
      (row) => ({ ...row, error: row.error === null ? null : JSON.parse(row.error) }) as HistoryRow,
    ),
    total,
  };
}

/** The same, by a statement over a table of any size. */
export async function newestSessions(
  workspace: Pick<Workspace, 'project' | 'engine'>,
  { processName, limit }: { readonly processName: string | undefined; readonly limit: number },
): Promise<NewestSessions> {
  const engine = await workspace.engine();
  const session_table = lakeTable(workspace.project.tables.sessionTable);
  const [found] = await engine.query(statement('inspect/session_history', { session_table }), {
    process_name: processName ?? null,
    row_limit: limit,
  });
  return {
    sessions: JSON.parse(found?.sessions ?? '[]') as RecordedSession[],
    total: Number(found?.total ?? 0),
  };
}

/** `table`: `namespace.name`; only announcements of that table. */
export interface SignalsRequest extends RowsRequest {
  readonly table?: string | undefined;
}

/**
 * Lists up to which hour each target was announced as complete, and which hours were reopened; newest first.
 */
export async function readSignals(
  workspace: Workspace,
  { limit = ROWS_DEFAULT, table }: SignalsRequest = {},
): Promise<SignalRow[]> {
  const metadata = (await workspace.client.loadTable(workspace.project.tables.signalTable))?.metadata;
  if (metadata === undefined) return [];
  const asked = { signalName: table, limit: rowLimit(limit) };
  const rows = (await fewSignals(metadata, asked)) ?? (await newestSignals(workspace, asked));
  return rows.map((row) => ({
    ...row,
    hours: row.hours === null ? null : (JSON.parse(row.hours) as SignalRow['hours']),
  }));
}

/** The same, by a statement over a table of any size, which must exist. */
export async function newestSignals(
  workspace: Pick<Workspace, 'project' | 'engine'>,
  { signalName, limit }: SignalsAsked,
): Promise<RecordedSignal[]> {
  const engine = await workspace.engine();
  return engine.query(
    statement('inspect/signals', {
      signal_table: lakeTable(workspace.project.tables.signalTable),
    }),
    { signal_name: signalName ?? null, row_limit: limit },
  );
}

function rowLimit(limit: number): number {
  if (Number.isSafeInteger(limit) && limit > 0) return limit;
  throw usageError('limit-invalid', `a limit is a whole number from 1 on, found ${limit}`, {
    hint: 'for example 20',
  });
}
