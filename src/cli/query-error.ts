/** Errors of a query that somebody typed. Error -> error with the kind and the hint that fit. Pure. */
import { PsybergError, usageError } from '../model/errors.ts';
import { isMistake } from '../workload/duckdb/sql-faults.ts';

/**
 * A query that names what is not there, or is no SQL, is the caller's to correct: exit 2. `lister`: what
 * shows the tables.
 */
export function asUsageError(error: unknown, lister = 'psyberg sql "show all tables"'): unknown {
  if (error instanceof PsybergError && error.code === 'warehouse-full') return fullDisk(error);
  if (!(error instanceof PsybergError) || error.code !== 'sql-failed') return error;
  return isMistake(error.message)
    ? usageError('sql-failed', error.message, {
        hint: error.message.startsWith('Catalog') ? `${lister} lists the tables` : 'correct the query',
        cause: error,
      })
    : error;
}

/** A session takes away what it wrote; of an INSERT that somebody typed DuckDB leaves the files. */
const fullDisk = (error: PsybergError): PsybergError =>
  new PsybergError('warehouse-full', error.message, {
    hint: 'free some space, then run the same command again; files that an INSERT had begun to write stay until psyberg maintain --only orphans removes them, a day later or with --orphan-grace 1h',
    context: error.context,
    cause: error,
  });
