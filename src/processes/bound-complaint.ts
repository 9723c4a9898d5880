/**
 * Finds the error in a process's SQL by binding that SQL alone. Error of a session -> the error to show. A
 * session nests the query in one of its own, and DuckDB looks for an unknown column in the outer query as
 * well, so that its complaint is about that one ("Candidate tables: unnamed_subquery").
 */
import { PsybergError } from '../model/errors.ts';
import { oneAfterTheOther } from '../model/in-turn.ts';
import type { ProcessSpec } from '../model/process-spec.ts';
import type { Workspace } from '../workspace/open-workspace.ts';
import { planBinding } from './bind-plan.ts';
import { planProcess } from './plan-process.ts';

/** A project has one binder, and of processes that run side by side several may fail at once. */
const inTurn = oneAfterTheOther();

/** The error itself where binding the query finds nothing. */
export const boundComplaint = inTurn(complaintNow);

async function complaintNow(workspace: Workspace, spec: ProcessSpec, error: unknown): Promise<unknown> {
  const isBinding =
    error instanceof PsybergError &&
    error.code === 'process-sql-failed' &&
    error.message.includes('Binder Error');
  if (!isBinding) return error;
  try {
    await planProcess(workspace, spec, { writesNothing: true, binding: planBinding(workspace) });
    return error;
  } catch (found) {
    return found instanceof PsybergError && found.code === error.code ? found : error;
  }
}

/** Does `work`, whose errors are those of {@link boundComplaint}. */
export async function complainingOfSql<T>(
  workspace: Workspace,
  spec: ProcessSpec,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw await boundComplaint(workspace, spec, error);
  }
}
