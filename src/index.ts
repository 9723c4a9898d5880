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
export { open } from './notebook/open.ts';
export {
  type CompiledProcess,
  type CompileRequest,
  type DiffRequest,
  doctor,
  type ExplainedPlan,
  type FollowRequest,
  type HourPicture,
  hourPicture,
  type OpenOptions,
  type PictureOptions,
  type Psyberg,
  type ReportRequest,
  type RestateOptions,
  type RunRequest,
  type ServedSession,
  type Shown,
  type ShowRequest,
  type SqlResult,
  type TableDiff,
  type Verification,
  type VerifyRequest,
  type WaitRecord,
  type WaitRequest,
  type WarehouseReport,
  type WhyRecord,
  type WhyRequest,
} from './psyberg.ts';
