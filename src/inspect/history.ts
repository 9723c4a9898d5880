/** What the session table and the signal table hold. Workspace -> rows. Reads only. */
import { usageError } from '../model/errors.ts';
import { processesInDependencyOrder } from '../project/dependency-order.ts';
import type { HistoryRow, SignalRow } from '../report/status.ts';
import { statement, tableFragment } from '../statements/index.ts';
import type { Workspace } from '../workspace/open-workspace.ts';

export interface RowsRequest {
  /** At most this many rows; default 20. */
  readonly limit?: number;
}

const ROWS_DEFAULT = 20;

/** The sessions, newest first; of one process, or of all. Throws `process-unknown`. */
export async function readHistory(
  workspace: Workspace,
  processName: string | undefined,
  { limit = ROWS_DEFAULT }: RowsRequest = {},
): Promise<HistoryRow[]> {
  if (processName !== undefined) processesInDependencyOrder(workspace.project, [processName]);
  const { sessionTable } = workspace.project.tables;
  if (!(await workspace.client.tableExists(sessionTable))) return [];
  const engine = await workspace.engine();
  const found = await engine.query(
    statement('inspect/session_history', { session_table: tableFragment('lake', sessionTable) }),
    { process_name: processName ?? null, row_limit: rowLimit(limit) },
  );
  return found.map((row) => ({
    ...row,
    error: row.error === null ? null : (JSON.parse(row.error) as HistoryRow['error']),
  }));
}

/** Up to which hour each target was announced to be complete, newest first. */
export async function readSignals(
  workspace: Workspace,
  { limit = ROWS_DEFAULT }: RowsRequest = {},
): Promise<SignalRow[]> {
  const { signalTable } = workspace.project.tables;
  if (!(await workspace.client.tableExists(signalTable))) return [];
  const engine = await workspace.engine();
  return engine.query(statement('inspect/signals', { signal_table: tableFragment('lake', signalTable) }), {
    row_limit: rowLimit(limit),
  });
}

function rowLimit(limit: number): number {
  if (Number.isSafeInteger(limit) && limit > 0) return limit;
  throw usageError('limit-invalid', `a limit is a whole number from 1 on, found ${limit}`, {
    hint: 'for example 20',
  });
}
