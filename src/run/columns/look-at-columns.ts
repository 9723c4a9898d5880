/**
 * Finds what a session would say of a query's columns. Query columns + target -> nothing, or the error that
 * it would end with. A look goes on all the same, since its author may just be changing them.
 */
import { currentSchema } from '../../iceberg/event-time.ts';
import { fitColumns } from '../../iceberg/fit-columns.ts';
import type { QueryColumn } from '../../model/column-type.ts';
import { PsybergError } from '../../model/errors.ts';
import type { Opened } from '../session.ts';
import { loadTarget } from '../target.ts';
import { refuseColumns, refuseMissingEventTime } from './refuse-columns.ts';

/** Undefined where a session would take them. */
export async function complaintAbout(
  opened: Opened,
  columns: readonly QueryColumn[],
): Promise<PsybergError | undefined> {
  try {
    refuseMissingEventTime(opened, columns);
    if (!opened.plan.target.exists) return undefined;
    const schema = currentSchema((await loadTarget(opened)).metadata);
    refuseColumns(opened, schema, fitColumns(columns, schema.fields));
    return undefined;
  } catch (error) {
    if (error instanceof PsybergError && error.kind === 'usage') return error;
    throw error;
  }
}
