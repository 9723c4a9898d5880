/**
 * Compares the columns of a query that was bound with the target that is there, as a session will. Bound
 * query + target's metadata -> differences, or the error of that session. No row is read.
 */
import type { BindingInput } from '../../binding/bind-process.ts';
import { exactTypes } from '../../binding/exact-types.ts';
import { type Binder, type BoundColumn, parseColumnType } from '../../engine/index.ts';
import type { ColumnDifferences } from '../../iceberg/fit-columns.ts';
import type { TableMetadata } from '../../iceberg/table-metadata.ts';
import type { QueryColumn } from '../../model/column-type.ts';
import { PsybergError } from '../../model/errors.ts';
import { type ComparedQuery, columnsToFollow } from '../columns/refuse-columns.ts';

export interface BoundQuery {
  readonly binder: Binder;
  readonly input: BindingInput;
  /** As they were bound. */
  readonly columns: readonly BoundColumn[];
}

/**
 * Undefined where they do not differ, or DuckDB does not say it exactly. `target`: undefined if there is none
 * yet. Throws what `columnsToFollow` throws.
 */
export async function compareBound(
  compared: ComparedQuery,
  { binder, input, columns }: BoundQuery,
  target: TableMetadata | undefined,
): Promise<ColumnDifferences | undefined> {
  // Mostly they are the same, and then nothing has to be asked.
  if (isSame(compared, columns, target)) return undefined;
  const exact = await exactTypes(binder, input, columns);
  if (exact === undefined) return undefined;
  const differences = columnsToFollow(compared, exact.map(typed), target);
  return isNone(differences) ? undefined : differences;
}

function isSame(
  compared: ComparedQuery,
  columns: readonly BoundColumn[],
  target: TableMetadata | undefined,
): boolean {
  try {
    return isNone(columnsToFollow(compared, columns.map(typed), target));
  } catch (error) {
    if (error instanceof PsybergError) return false;
    throw error;
  }
}

const typed = ({ name, type }: BoundColumn): QueryColumn => ({ name, type: parseColumnType(type) });

const isNone = ({ added, missing, lossy }: ColumnDifferences): boolean =>
  added.length + missing.length + lossy.length === 0;
