export { auditsReadTarget } from './audits.ts';
export { hoursTable } from './compared-hours.ts';
export { compileAdoption, compilePlan, firstInsertStep, planOfComputed } from './compile-plan.ts';
export type { Dialect } from './dialect.ts';
export { TARGET_PROPERTIES } from './duckdb/create-target.ts';
export {
  columnTypesStatement,
  createStatement,
  DUCKDB,
  describeStatement,
  ownQuery,
  rowsApart,
  sourceCtes,
} from './duckdb/index.ts';
export type { CompiledTexts, HoursAsked, LookRows, LookShape, LookStep } from './look.ts';
export type { HourWindow } from './parameters.ts';
export {
  boundIn,
  countsForWholeDays,
  hoursRead,
  processParameters,
  restatesAppended,
  restatesWhole,
  windowOf,
  windowReach,
} from './parameters.ts';
export { previousTable, SESSION_CATALOG, stagedTable } from './session-tables.ts';
export { queryStep as sparkQueryStep, SPARK, sparkRowsAlone, sparkRowsApart } from './spark/index.ts';
export { declaredParameters, type StepLike } from './step-statements.ts';
