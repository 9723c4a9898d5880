/**
 * Does the part of a session that does not depend on the session before it, while that one is still running:
 * shows its sources and writes its rows. CompiledPlan -> Opened with rows. Nothing is committed. When the
 * session is planned again on what was published, it takes over these rows if it would write the same
 * (`writesSameRows`).
 */
import { currentSchema } from '../../iceberg/event-time.ts';
import { fitColumns } from '../../iceberg/fit-columns.ts';
import type { TableMetadata } from '../../iceberg/table-metadata.ts';
import { patternOf } from '../../kinds/patterns/index.ts';
import { engineOf } from '../../model/engines.ts';
import type { FileLayout } from '../../model/file-layout.ts';
import type { CompiledPlan } from '../../model/plan.ts';
import type { ProcessSpec } from '../../model/process-spec.ts';
import { type CountSourcesStep, type InsertStep, stepsOf } from '../../model/step.ts';
import type { RunPorts } from '../ports.ts';
import { beginSession, type Opened, unopened, workOf } from '../session.ts';
import { duringStage, duringStep } from '../stages/fold-steps.ts';
import { loadTarget } from '../target.ts';
import { attachSession } from '../views/show-sources.ts';
import { undo, undoneOnFailure } from './undo.ts';

/** A session whose rows are written, but not yet committed to its branch. */
export type LoadedAhead = Opened & { readonly ahead: NonNullable<Opened['ahead']> };

/**
 * Whether the rows of a session depend on nothing but its sources. Not so if it computes hour by hour, which
 * reads the hour before, nor for an append, whose new files follow from what was published.
 */
export function canLoadAhead(plan: CompiledPlan, spec: ProcessSpec): boolean {
  const { loadsHours, readsPrevious } = patternOf(spec);
  return (
    plan.status === 'work' &&
    loadsHours &&
    !readsPrevious &&
    engineOf(spec) === 'duckdb' &&
    (plan.trigger ?? 'changes') === 'changes' &&
    plan.target.exists &&
    plan.target.layout !== null &&
    stepsOf(plan, 'branch').every(({ kind }) => kind === 'open-session') &&
    insertOf(plan) !== undefined
  );
}

/**
 * Writes the session's marker, shows its sources and writes its rows; undefined if it cannot go ahead after
 * all. `keepBranch`: as the session will run later. Leaves nothing behind if it throws or returns undefined.
 */
export async function loadAhead(
  ports: RunPorts,
  plan: CompiledPlan,
  spec: ProcessSpec,
  { keepBranch }: { readonly keepBranch: boolean },
): Promise<LoadedAhead | undefined> {
  const session = beginSession(ports, plan, spec, { holdsBranch: !keepBranch });
  const loaded = await undoneOnFailure(session, {}, async () => {
    const { metadata } = await loadTarget(unopened(session));
    // It becomes one of version 2 with the session that finds it.
    if (metadata['format-version'] < 2) return undefined;
    const attached = await duringStage(session, 'open', () => attachSession(unopened(session)));
    const columns = await ports.workload.describe(workOf(session));
    // New columns are added to the table as the session finds it when its turn comes.
    if (fitColumns(columns, currentSchema(metadata).fields).added.length > 0) return undefined;
    return duringStage(session, 'load', () => withRows(attached, insertOf(plan) as InsertStep, metadata));
  });
  if (loaded === undefined) await undo(session);
  return loaded;
}

async function withRows(opened: Opened, step: InsertStep, metadata: TableMetadata): Promise<LoadedAhead> {
  const { workload } = opened.ports;
  for (const count of countsOf(opened.plan)) workload.countAhead?.(count);
  const layout = opened.plan.target.layout as FileLayout;
  const to = { metadata, layout, owner: opened.branch };
  const rows = await duringStep(opened, step, () => workload.stage(workOf(opened), step, to));
  return { ...opened, ahead: { rows, schemaId: metadata['current-schema-id'] } };
}

const insertOf = ({ steps }: CompiledPlan): InsertStep | undefined =>
  steps.find((step) => step.kind === 'insert');

const countsOf = ({ steps }: CompiledPlan): CountSourcesStep[] =>
  steps.filter((step) => step.kind === 'count-sources');

/**
 * Continues the session with a plan that {@link writesSameRows} has approved. Counts that are already running
 * are asked for by the very step objects that they were started with, so those are kept.
 */
export function continueAhead(loaded: LoadedAhead, plan: CompiledPlan): LoadedAhead {
  const begun = countsOf(loaded.plan);
  const steps = plan.steps.map(
    (step) => begun.find((each) => each.name === step.name && each.kind === step.kind) ?? step,
  );
  return { ...loaded, plan: { ...plan, steps } };
}

/** Removes every trace of it. Never throws: the next session of the process cleans up what is left. */
export const dropAhead = (loaded: LoadedAhead): Promise<void> => undo(loaded);

/**
 * Whether a session with this plan would show the same sources and write the same rows as the loaded one.
 * Its base and the causes of its hours are different in any case, and do not matter.
 */
export const writesSameRows = (loaded: LoadedAhead, plan: CompiledPlan): boolean =>
  JSON.stringify(rowDependencies(loaded.plan)) === JSON.stringify(rowDependencies(plan));

/** The fields of a source that the rows depend on. */
const SOURCE_KEYS = [
  ...(['alias', 'table', 'lookup', 'read', 'head', 'window', 'window_keys'] as const),
  ...(['event_time', 'event_time_type', 'event_time_unit'] as const),
];

const rowDependencies = (plan: CompiledPlan): unknown => [
  plan.status,
  plan.psyberg_session_id,
  plan.trigger,
  plan.grain,
  plan.range,
  plan.hours.map(({ hour, empty }) => [hour, empty]),
  plan.sources.map((source) => SOURCE_KEYS.map((key) => source[key])),
  [plan.target.table_uuid, plan.target.operation, plan.target.format_version, plan.target.layout],
  // If another session published in between, this one has to follow that.
  plan.target.previous_session_id,
  plan.steps.filter(({ stage, kind }) => stage === 'branch' || stage === 'load' || kind === 'count-sources'),
];
