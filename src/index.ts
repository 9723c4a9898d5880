/** The public names of the package. */

export type { ParameterValue, ResultColumn, ResultRows } from './engine/index.ts';
export type { MaintainRequest } from './maintain/index.ts';
export { PsybergError } from './model/errors.ts';
export type {
  MaintainOptions,
  MaintainRecord,
  MaintainReport,
  MaintainTask,
} from './model/maintain-record.ts';
export type { CompiledPlan, Plan, PlanCause, PlanChange, PlanHour, PlanSource, Step } from './model/plan.ts';
export type { AuditResult, RunRecord } from './model/run-record.ts';
export {
  type CompiledProcess,
  type CompileRequest,
  doctor,
  type ExplainedPlan,
  type HourPicture,
  hourPicture,
  type OpenOptions,
  open,
  type PictureOptions,
  type Psyberg,
  type RunRequest,
  type ServedSession,
  type Shown,
  type ShowRequest,
  type SqlResult,
} from './psyberg.ts';
