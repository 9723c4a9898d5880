export { compileAdoption, compilePlan, firstInsertStep } from './compile-plan.ts';
export type { Dialect } from './dialect.ts';
export {
  columnTypesStatement,
  createStatement,
  DUCKDB,
  describeStatement,
  sourceCtes,
} from './duckdb/index.ts';
export type { CompiledTexts, HoursAsked, LookRows, LookShape, LookStep } from './look.ts';
export {
  boundIn,
  hoursRead,
  namedIn,
  processParameters,
  SESSION_CATALOG,
  windowReach,
} from './parameters.ts';
export { declaredParameters, type StepLike } from './step-statements.ts';
