/**
 * Runs a compiled plan: its steps in their order, and nothing else. CompiledPlan -> RunRecord. record session
 * ▸ branch ▸ load ▸ compose ▸ audit ▸ publish + watermark + signal ▸ drop branch. Every failure ends in the
 * old state.
 */
import { join } from 'node:path';
import { mapSqlError } from './sql-error.ts';
import { patternOf } from '../kinds/patterns/index.ts';
import { assertNever, PsybergError } from '../model/errors.ts';
import type { CompiledPlan } from '../model/plan.ts';
import { type AuditStep, type ComposeStep, composeStepOf, type Step, type StepStage } from '../model/step.ts';
import type { ProcessSpec } from '../model/process-spec.ts';
import { type RunRecord, type RunStatus, branchName } from '../model/run-record.ts';
import { beginMain } from './begin-main.ts';
import { abandonSession, closeSession } from './clean-up.ts';
import { type ComposedSnapshot, type RunContext, type RunPorts, loadTarget } from './context.ts';
import { checkQuery } from './check-query.ts';
import { createTarget, openBranch, openChangeView } from './open-branch.ts';
import { giveUp, writeMarker } from './session-marker.ts';
import { countRows, runAudit } from './stage-audit.ts';
import { protectWatermarks } from './protect-watermarks.ts';
import {
  carryOver,
  clearHours,
  composeSnapshot,
  computeHours,
  insertRows,
  showStaged,
} from './stage-load.ts';
import { publish } from './stage-publish.ts';
import { recordSession, stateWriter } from './write-session-state.ts';

export interface RunOptions {
  /** Leaves the branch of a session whose audits failed, for a person to look at. */
  readonly keepBranch: boolean;
  readonly initSeconds: number;
}

/** A context for the steps of a plan. `stepwise`: the steps run as separate commands. */
export function runContext(
  ports: RunPorts,
  plan: CompiledPlan,
  spec: ProcessSpec,
  stepwise = false,
): RunContext {
  const branch = branchName(plan.process_name, plan.psyberg_session_id);
  return {
    ports,
    spec,
    plan,
    branch,
    directory: join(ports.sessionsDirectory, branch),
    viewTables: new Map(),
    changeViews: new Map(),
    stagedIds: [],
    insertIds: [],
    sessionStatus: 'published',
    stepwise,
    branchOfAnother: false,
    lostRaces: false,
    cleared: undefined,
    clearedId: undefined,
    state: undefined,
    schema: undefined,
    base: undefined,
    composed: undefined,
    rowsRead: 0n,
    rowsWritten: 0n,
    audits: [],
    auditFailures: [],
    publishedSnapshotId: undefined,
  };
}

/**
 * Executes every step. Throws what a step throws, after cleaning up; a failed blocking audit is a record, not
 * an error.
 */
export async function runSession(
  ports: RunPorts,
  plan: CompiledPlan,
  spec: ProcessSpec,
  options: RunOptions,
): Promise<RunRecord> {
  const context = runContext(ports, plan, spec);
  const clock = stageClock();
  const status = await undoneOnFailure(context, async () => {
    for (const stage of STAGES) {
      if (stage === 'publish' && blocked(context)) {
        await context.state?.discard();
        await recordSession(context, {
          status: 'audit-failed',
          error: JSON.stringify(auditError(context, options.keepBranch).toJSON()),
          plan: null,
        });
        // Without its marker the branch is nobody's: the next session of the process drops it.
        if (options.keepBranch) await closeSession(context);
        else await abandonSession(context);
        return 'audit-failed' as const;
      }
      clock.enter(stage);
      await runStage(context, stage);
    }
    return 'published' as const;
  });
  return runRecord(context, status ?? 'published', {
    seconds: clock.seconds(options.initSeconds),
    error: status === 'audit-failed' ? auditError(context, options.keepBranch) : undefined,
  });
}

/**
 * Runs `work` under the session's marker. When it fails, the session is undone before the error is thrown on;
 * undefined when it failed after it had published: published is published, and what cleaning up could not do,
 * the next session does.
 */
export async function undoneOnFailure<T>(
  context: RunContext,
  work: () => Promise<T>,
): Promise<T | undefined> {
  // Before the cleaning up begins: a session of this id that another process runs is not ours to abandon.
  writeMarker(context.directory, false);
  try {
    return await work();
  } catch (error) {
    if (context.publishedSnapshotId !== undefined) return undefined;
    // Whether it was published is for the next session to find out: until then nothing may be deleted.
    if (error instanceof PsybergError && error.code === 'commit-unknown') giveUp(context.directory);
    else await abandonAfter(context);
    throw mapSqlError(error, context.ports.project, context.spec, context.plan);
  }
}

const STAGES: readonly StepStage[] = ['branch', 'load', 'compose', 'audit', 'publish', 'cleanup'];

/** Runs the steps of one stage. */
export async function runStage(context: RunContext, stage: StepStage): Promise<void> {
  for (const step of context.plan.steps) {
    if (step.stage !== stage) continue;
    context.ports.onStep(`${context.plan.process_name}: ${step.stage} ${step.name}`);
    await runStep(context, step);
  }
}

/** Executes one step. */
async function runStep(context: RunContext, step: Step): Promise<void> {
  switch (step.kind) {
    case 'change-view':
      return openChangeView(context, step);
    case 'open-session':
      await openBranch(context);
      return checkQuery(context);
    case 'create-target':
      return createTarget(context, step);
    case 'begin-main':
      return beginMain(context, step);
    case 'clear-hours':
      return clearHours(context, step);
    case 'carry-over':
      return carryOver(context, step);
    case 'begin-hours':
    case 'compute-hour':
    case 'end-hours':
      return computeHours(context, step);
    case 'insert':
      return insertRows(context, step);
    case 'compose-snapshot':
      return compose(context, step);
    case 'count-sources':
      await countRows(context, step);
      return context.state?.beginSession(context.composed as ComposedSnapshot);
    case 'audit':
      return audit(context, step);
    case 'publish':
      return publish(context, composeStepOf(context.plan));
    case 'protect-watermarks':
      return protectWatermarks(context.ports, context.plan, true);
    case 'close-session':
      return closeSession(context);
    default:
      return assertNever(step);
  }
}

async function compose(context: RunContext, step: ComposeStep): Promise<void> {
  if (!context.stepwise) {
    context.state = stateWriter(context);
    context.state.beginProgress((await loadTarget(context)).metadata['table-uuid']);
  }
  context.composed = await composeSnapshot(context, step, { base: context.base });
  return showStaged(context);
}

async function audit(context: RunContext, step: AuditStep): Promise<void> {
  const declared = context.spec.audits.find((each) => each.name === step.audit);
  if (declared === undefined)
    throw new PsybergError('internal-bug', `the audit ${step.audit} is in the plan and not in the process`, {
      hint: 'plan again',
    });
  context.audits.push(await runAudit(context, declared, step));
}

export const blocked = (context: RunContext): boolean =>
  context.audits.some((audit) => audit.status === 'failed' && audit.severity === 'block');

/**
 * What a failed blocking audit says: which one, how many rows, and one of them. `isKept`: the branch stays, and
 * the hint holds the command that shows its rows.
 */
export function auditError(context: RunContext, isKept: boolean): PsybergError {
  const failed = context.audits.filter((audit) => audit.status === 'failed' && audit.severity === 'block');
  const { process_name: name, psyberg_session_id: id } = context.plan;
  const target = context.plan.target.table;
  const what = failed.map(({ name: audit, expected, actual, sample: [example] }) => {
    const found = `${audit} failed: expected ${expected}, found ${actual}`;
    return example === undefined ? found : `${found}, for example ${JSON.stringify(example)}`;
  });
  return new PsybergError(
    'audit-failed',
    `${name}: the audit${what.length === 1 ? '' : 's'} ${what.join('; ')}; nothing was published`,
    {
      hint: isKept
        ? `look at the rows as they would be: psyberg sql --branch ${context.branch} "select * from ${target}"; drop them: psyberg session abort --process_name=${name} --psyberg_session_id=${id} (the next run does, too)`
        : `run "psyberg run ${name} --keep-branch" to look at the staged rows, or set severity: warn`,
      context: {
        process_name: name,
        audits: failed.map((audit) => audit.name),
        ...(isKept ? { branch: context.branch } : {}),
      },
    },
  );
}

async function abandonAfter(context: RunContext): Promise<void> {
  try {
    context.ports.engine.resume();
    await context.state?.discard();
    await abandonSession(context);
  } catch {
    // The first error is the one to tell; the next session of the process cleans up what is left.
    giveUp(context.directory);
  }
}

interface StageClock {
  enter(stage: StepStage): void;
  seconds(init: number): RunRecord['seconds'];
}

function stageClock(): StageClock {
  const spent = new Map<StepStage, number>();
  let current: StepStage | undefined;
  let since = performance.now();
  const leave = (): void => {
    const now = performance.now();
    if (current !== undefined) spent.set(current, (spent.get(current) ?? 0) + now - since);
    since = now;
  };
  const of = (...stages: StepStage[]): number =>
    Math.round(stages.reduce((sum, stage) => sum + (spent.get(stage) ?? 0), 0)) / 1000;
  return {
    enter(stage) {
      leave();
      current = stage;
    },
    seconds(init) {
      leave();
      const load = of('branch', 'load', 'compose');
      const audit = of('audit');
      const publishing = of('publish', 'cleanup');
      return {
        init,
        load,
        audit,
        publish: publishing,
        total: Math.round((init + load + audit + publishing) * 1000) / 1000,
      };
    },
  };
}

/** The record of a session that ran. */
export function runRecord(
  context: RunContext,
  status: RunStatus,
  options: { readonly seconds: RunRecord['seconds']; readonly error: PsybergError | undefined },
): RunRecord {
  const { plan } = context;
  return {
    ...recordHead(plan),
    status,
    published_snapshot_id:
      context.publishedSnapshotId === undefined ? null : String(context.publishedSnapshotId),
    rows_read: String(context.rowsRead),
    rows_written: String(context.rowsWritten),
    audits: context.audits,
    seconds: options.seconds,
    error: options.error === undefined ? null : options.error.toJSON(),
  };
}

/** The parts of a record that the plan alone gives. */
export function recordHead(
  plan: CompiledPlan,
): Pick<
  RunRecord,
  | 'process_name'
  | 'psyberg_session_id'
  | 'target'
  | 'operation'
  | 'branch'
  | 'range'
  | 'owed_hours'
  | 'held_back_by'
  | 'skipped_null_event_times'
> {
  return {
    process_name: plan.process_name,
    psyberg_session_id: plan.psyberg_session_id,
    target: plan.target.table,
    operation: plan.target.operation,
    branch: branchName(plan.process_name, plan.psyberg_session_id),
    range: plan.range,
    owed_hours: plan.owed_hours,
    held_back_by: plan.held_back_by,
    skipped_null_event_times: patternOf(plan).loadsHours
      ? String(plan.sources.reduce((sum, source) => sum + BigInt(source.null_event_times), 0n))
      : '0',
  };
}
