/** DuckDB's dialect: what it is asked for before it runs, and the steps that it runs. */
import type { Dialect } from '../dialect.ts';
import { compileAudits } from './audits.ts';
import { attachText, compiledTexts } from './compiled-text.ts';
import { compileTarget } from './create-target.ts';
import { carryOver, loadRows } from './load-rows.ts';
import { emptySources, lookRows, lookSource } from './look.ts';
import { sessionQuery } from './session-query.ts';

export { columnTypesStatement, createStatement, describeStatement } from './create-target.ts';
export { sourceCtes } from './source-ctes.ts';

export const DUCKDB: Dialect = {
  createTarget: compileTarget,
  carryOver,
  load: loadRows,
  audits: compileAudits,
  query: sessionQuery,
  look: { rows: lookRows, source: lookSource, emptySources, texts: compiledTexts, attach: attachText },
};
