/** DuckDB's dialect: what it is asked for before it runs, and the steps that it runs. */
import { withoutColumnsQuery } from '../../statements/index.ts';
import { compileAudits } from '../audits.ts';
import type { Dialect } from '../dialect.ts';
import { DUCKDB_ROWS } from './audited-rows.ts';
import { attachText, compiledTexts } from './compiled-text.ts';
import { hoursSteps } from './compute-hours.ts';
import { compileTarget } from './create-target.ts';
import { carryOver, loadRows } from './load-rows.ts';
import { emptySources, lookRows, lookSource } from './look.ts';
import { sessionQuery } from './session-query.ts';

export { columnTypesStatement, createStatement, describeStatement } from './create-target.ts';
export { ownQuery } from './look.ts';
export { rowsApart } from './rows-apart.ts';
export { sourceCtes } from './source-ctes.ts';

export const DUCKDB: Dialect = {
  createTarget: compileTarget,
  carryOver,
  hours: hoursSteps,
  load: loadRows,
  audits: (plan, spec) => compileAudits(plan, spec, DUCKDB_ROWS),
  query: sessionQuery,
  withoutColumns: withoutColumnsQuery,
  look: { rows: lookRows, source: lookSource, emptySources, texts: compiledTexts, attach: attachText },
};
