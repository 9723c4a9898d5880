/**
 * The steps of a session: what `plan --steps` prints and a run executes, in the order in which they run. A
 * union by `kind`, so that a step which nobody executes does not compile.
 */

import type { HourTexts } from './hour.ts';

/**
 * Values that only running produces. A step names one by its key; the text here explains it to people.
 */
export const RUN_INPUTS = {
  'view-list': 'manifest list of the view',
  'data-folder': "the target's data folder",
  'base-manifests': "the base's data manifests of one partition spec",
  'partition-position': "position of the event time in the spec's partitions",
  'partition-transform': 'its transform there',
  'next-row-id': 'the next row id of the target',
  'base-list': 'manifest list of the base',
  'branch-list': 'manifest list of the branch',
  'branch-snapshots': 'snapshots on the branch',
  'snapshot-id': 'id of the new snapshot',
  'sequence-number': 'its sequence number',
  'snapshot-list': 'its manifest list',
  'kept-rows': 'rows kept of an audit that fails',
  'computed-before': 'whether this session computed the hour before',
  'computed-hours': 'the hours that this session computed, from 1970',
  'computed-start': 'start of the first of them',
  'computed-end': 'end of the last of them',
} as const;
export type RunInput = keyof typeof RUN_INPUTS;

/**
 * A value bound at run time, or the name of one that only running produces (`from_run`). Hours are ISO texts.
 */
export type StepValue =
  | string
  | number
  | boolean
  | null
  | readonly (string | number | boolean)[]
  | { readonly from_run: RunInput };

export type StepStage = 'branch' | 'load' | 'compose' | 'audit' | 'publish' | 'cleanup';

type Parameters = Readonly<Record<string, StepValue>>;

interface Statement<Kind extends string, Stage extends StepStage> {
  readonly kind: Kind;
  readonly stage: Stage;
  readonly name: string;
  /** For a request to the catalog: a SQL comment that describes it. */
  readonly sql: string;
  readonly parameters: Parameters;
  /** DuckDB's types of values that the project declares: its variables, and parameters of its audits. */
  readonly types?: Readonly<Record<string, string>>;
}

/** Makes a view of a source's changed files. */
export interface ChangeViewStep extends Statement<'change-view', 'branch'> {
  readonly alias: string;
}
/** Reads the rows of a folder's new files once, into a temporary relation. */
export interface ReadFilesStep extends Statement<'read-files', 'branch'> {
  readonly alias: string;
}
/** Takes the files of the replaced hours out of the base. */
export interface ClearHoursStep extends Statement<'clear-hours', 'load'> {
  readonly parameters: Parameters & HourTexts & { readonly field_id: number };
}
/** Writes rows of such files that lie in other hours again. */
export interface CarryOverStep extends Statement<'carry-over', 'load'> {
  readonly parameters: Parameters & HourTexts;
}
/**
 * Runs one declared audit; `counted`: the steps before it have counted what it needs, so it has no statement.
 */
export interface AuditStep extends Statement<'audit', 'audit'> {
  readonly audit: string;
  readonly counted: boolean;
  /** Whether its failure stops the publish; absent in a plan that was saved by an earlier release. */
  readonly severity?: 'block' | 'warn';
}

export type OpenSessionStep = Statement<'open-session', 'branch'>;
export type CreateTargetStep = Statement<'create-target', 'branch'>;
export type BeginMainStep = Statement<'begin-main', 'branch'>;
/** Reads the rows of a source for the hours from `first_hour` to `last_hour` (ISO texts) at once. */
export interface ReadAheadStep extends Statement<'read-ahead', 'load'> {
  readonly first_hour: string;
  readonly last_hour: string;
}
/** Computes one hour of a process that reads its own result of the hour before. */
export interface ComputeHourStep extends Statement<'compute-hour', 'load'> {
  /** ISO text; absent in a session that an earlier release opened step by step. */
  readonly hour?: string;
}
/**
 * Asks whether the rows of an hour came out as the target has them. If so the hours after it stay as they
 * are, and the session continues with the hour `resume_at`, or, if that is null, with the steps after the
 * hours.
 */
export interface MayStopStep extends Statement<'may-stop', 'load'> {
  readonly hour: string;
  readonly resume_at: string | null;
}
/** Finds the computed hours whose rows differ from those that the target has. */
export type DifferingHoursStep = Statement<'differing-hours', 'load'>;
export type ComputeHoursStep =
  | Statement<'begin-hours' | 'end-hours', 'load'>
  | ReadAheadStep
  | ComputeHourStep
  | MayStopStep
  | DifferingHoursStep;
export type InsertStep = Statement<'insert', 'load'>;
export type ComposeStep = Statement<'compose-snapshot', 'compose'>;
export type CountSourcesStep = Statement<'count-sources', 'audit'>;
export type CountStagedStep = Statement<'count-staged', 'audit'>;
export type PublishStep = Statement<'publish', 'publish'>;
export type ProtectWatermarksStep = Statement<'protect-watermarks', 'cleanup'>;
/** Removes what a former name of the process has left; `ended` is that name. */
export interface EndNameStep extends Statement<'end-name', 'cleanup'> {
  readonly ended: string;
}
export type CloseSessionStep = Statement<'close-session', 'cleanup'>;

export type Step =
  | ChangeViewStep
  | ReadFilesStep
  | OpenSessionStep
  | CreateTargetStep
  | BeginMainStep
  | ClearHoursStep
  | CarryOverStep
  | ComputeHoursStep
  | InsertStep
  | ComposeStep
  | CountSourcesStep
  | CountStagedStep
  | AuditStep
  | PublishStep
  | ProtectWatermarksStep
  | EndNameStep
  | CloseSessionStep;

/** A statement and the values bound in it. */
export type BoundSql = Pick<Step, 'name' | 'sql' | 'parameters' | 'types'>;

interface Steps {
  readonly steps: readonly Step[];
}

/** The steps of one stage. */
export type StepOf<Stage extends StepStage> = Extract<Step, { readonly stage: Stage }>;

/** The steps of one stage, in their order. */
export const stepsOf = <Stage extends StepStage>({ steps }: Steps, stage: Stage): StepOf<Stage>[] =>
  steps.filter((step): step is StepOf<Stage> => step.stage === stage);

/** Whether a step computes hours, or looks at computed ones. */
export const isHoursStep = (step: Step): step is ComputeHoursStep =>
  ['begin-hours', 'read-ahead', 'compute-hour', 'may-stop', 'differing-hours', 'end-hours'].includes(
    step.kind,
  );

/** The step that composes the snapshot; the publish composes again if `main` moved. */
export const composeStepOf = ({ steps }: Steps): ComposeStep =>
  steps.find((step) => step.kind === 'compose-snapshot') as ComposeStep;

/** The step that publishes. */
export const publishStepOf = ({ steps }: Steps): PublishStep =>
  steps.find((step) => step.kind === 'publish') as PublishStep;

/** The step that takes out the files of the replaced hours; undefined if nothing is replaced. */
export const clearStepOf = ({ steps }: Steps): ClearHoursStep | undefined =>
  steps.find((step): step is ClearHoursStep => step.kind === 'clear-hours');
