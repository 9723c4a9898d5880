/**
 * Spark's dialect. What is about metadata (changes, manifests, commits) stays DuckDB's, and so do the rows
 * that are carried over: in format version 3 they keep ids that Spark's INSERT cannot name.
 */
import { compileAudits } from '../audits.ts';
import type { Dialect } from '../dialect.ts';
import { carryOver } from '../duckdb/load-rows.ts';
import { SPARK_ROWS } from './audited-rows.ts';
import { hours, load, sparkQuery, targetRequest, withoutColumns } from './load.ts';
import { SPARK_LOOK } from './look.ts';

export { sparkRowsAlone, sparkRowsApart } from './compared-rows.ts';
export { queryStep } from './load.ts';

export const SPARK: Dialect = {
  createTarget: targetRequest,
  carryOver,
  hours,
  load,
  audits: (plan, spec) => compileAudits(plan, spec, SPARK_ROWS),
  query: sparkQuery,
  withoutColumns,
  look: SPARK_LOOK,
};
