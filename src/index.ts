/** The public names of the package. */
export { PsybergError } from './model/errors.ts';
export type { CompiledPlan, Plan, PlanCause, PlanChange, PlanHour, PlanSource, Step } from './model/plan.ts';
export type { MaintainRequest } from './maintain/index.ts';
export type {
  MaintainOptions,
  MaintainRecord,
  MaintainReport,
  MaintainTask,
} from './model/maintain-record.ts';
export type { AuditResult, RunRecord } from './model/run-record.ts';
export type { ParameterValue, ResultColumn, ResultRows } from './engine/index.ts';
export {
  doctor,
  type ExplainedPlan,
  type OpenOptions,
  type Psyberg,
  type RunRequest,
  type SqlResult,
  open,
} from './psyberg.ts';
