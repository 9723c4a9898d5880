export { compileAdoption, compilePlan, firstInsertStep } from './compile-plan.ts';
export type { Dialect } from './dialect.ts';
export {
  columnTypesStatement,
  createStatement,
  DUCKDB,
  describeStatement,
  sourceCtes,
} from './duckdb/index.ts';
export { boundIn, hoursRead, processParameters, SESSION_CATALOG, windowReach } from './parameters.ts';
export { declaredParameters, type OverNoRow } from './step-statements.ts';
