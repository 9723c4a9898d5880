export { compileAdoption, compilePlan } from './compile-plan.ts';
export type { Dialect } from './dialect.ts';
export {
  columnTypesStatement,
  createStatement,
  describeStatement,
  DUCKDB,
  firstInsertStep,
  sourceCtes,
} from './duckdb/index.ts';
export { hoursRead, namedIn, processParameters, SESSION_CATALOG, windowReach } from './parameters.ts';
export { type OverNoRow, declaredParameters } from './step-statements.ts';
