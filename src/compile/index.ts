export {
  columnTypesStatement,
  compileAdoption,
  compilePlan,
  createStatement,
  describeStatement,
  firstInsertStep,
} from './compile-plan.ts';
export { type OverNoRow, declaredParameters } from './step-statements.ts';
export {
  SESSION_CATALOG,
  hoursRead,
  namedIn,
  processParameters,
  sourceCtes,
  windowReach,
} from './source-ctes.ts';
