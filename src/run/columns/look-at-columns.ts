/**
 * Finds what a session would say of a query's columns. Query columns + target -> nothing, or the error that
 * it would end with. A look goes on all the same, since its author may just be changing them.
 */
import type { QueryColumn } from '../../model/column-type.ts';
import { PsybergError } from '../../model/errors.ts';
import { columnsToFollow } from '../../workload/port.ts';
import { comparedQuery, type Opened } from '../session.ts';
import { loadTarget } from '../target.ts';

/** Undefined where a session would take them. */
export async function complaintAbout(
  opened: Opened,
  columns: readonly QueryColumn[],
): Promise<PsybergError | undefined> {
  try {
    const target = opened.plan.target.exists ? (await loadTarget(opened)).metadata : undefined;
    columnsToFollow(comparedQuery(opened), columns, target);
    return undefined;
  } catch (error) {
    if (error instanceof PsybergError && error.kind === 'usage') return error;
    throw error;
  }
}
