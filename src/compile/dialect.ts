/**
 * How the steps that work on rows are written for an engine. Plan + process's SQL -> steps. Pure. What is
 * about metadata (changes, manifests, commits) is compiled once, for DuckDB (`compile-plan.ts`); another
 * engine is another dialect, beside its own workload.
 */
import type { HourTexts } from '../model/hour.ts';
import type { Plan, PlanQuery } from '../model/plan.ts';
import type { ProcessSpec } from '../model/process-spec.ts';
import type {
  AuditStep,
  CarryOverStep,
  ComputeHoursStep,
  CountSourcesStep,
  CountStagedStep,
  CreateTargetStep,
  InsertStep,
} from '../model/step.ts';
import type { LookDialect } from './look.ts';

export interface Dialect {
  /** Creates the target from the columns of the process's query. */
  createTarget(plan: Plan, spec: ProcessSpec): CreateTargetStep;
  /** Writes the rows again that lie in other hours, of files with rows of the replaced `hours`. */
  carryOver(plan: Plan, spec: ProcessSpec, hours: HourTexts): CarryOverStep;
  /** Computes hour after hour of a process that reads its own result; none for others. */
  hours(plan: Plan, spec: ProcessSpec): ComputeHoursStep[];
  /** Writes the session's rows: those of its hours where they were computed before, else its query's. */
  load(plan: Plan, spec: ProcessSpec): InsertStep;
  /** Counts what was read and staged; then each declared audit. */
  audits(plan: Plan, spec: ProcessSpec): (CountSourcesStep | CountStagedStep | AuditStep)[];
  /** The query that a load runs, for people to read. */
  query(plan: Plan, spec: ProcessSpec): PlanQuery;
  /** The process's query without columns that its target does not have. */
  withoutColumns(sql: string, columns: readonly string[]): string;
  /** Statements that only read. */
  readonly look: LookDialect;
}
