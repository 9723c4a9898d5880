/**
 * The part of a session that does not depend on what the session before it leaves: its sources are shown, and
 * its rows are written, while that one is still at work. CompiledPlan -> Opened with rows. Nothing is
 * committed: what is written becomes the session's own when that is planned again on what was published, and
 * would write the same (`restsOnSame`).
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

/** A session whose rows are written, and of which nothing is on its branch. */
export type LoadedAhead = Opened & { readonly ahead: NonNullable<Opened['ahead']> };

/**
 * Whether the rows of such a session depend on nothing but its sources: what computes hour by hour reads the
 * hour before, and rows of an append are found out from what was published.
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
 * Writes the session's marker, shows its sources and writes its rows; undefined where it cannot go ahead
 * after all. `keepBranch`: as the session is going to run. Throws what these bring. Nothing is left then.
 */
export async function loadAhead(
  ports: RunPorts,
  plan: CompiledPlan,
  spec: ProcessSpec,
  { keepBranch }: { readonly keepBranch: boolean },
): Promise<LoadedAhead | undefined> {
  const session = beginSession(ports, plan, spec, { holdsBranch: !keepBranch });
  const loaded = await undoneOnFailure(session, async () => {
    const { metadata } = await loadTarget(unopened(session));
    // It becomes one of version 2 with the session that finds it.
    if (metadata['format-version'] < 2) return undefined;
    const attached = await duringStage(session, 'open', () => attachSession(unopened(session)));
    const columns = await ports.workload.describe(workOf(session));
    // A session that adds columns, or leaves some out, does so on the table as it finds it.
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
 * The session goes on by this plan, which {@link restsOnSame} was asked of. What was begun to be counted is
 * asked for by the very steps that it was begun with.
 */
export function goOnBy(loaded: LoadedAhead, plan: CompiledPlan): LoadedAhead {
  const begun = countsOf(loaded.plan);
  const steps = plan.steps.map(
    (step) => begun.find((each) => each.name === step.name && each.kind === step.kind) ?? step,
  );
  return { ...loaded, plan: { ...plan, steps } };
}

/** Leaves no trace of it. Never throws: what it cannot clean up the next session of the process does. */
export const dropAhead = (loaded: LoadedAhead): Promise<void> => undo(loaded);

/**
 * Whether a session by this plan would show the same sources and write the same rows as the one that was
 * loaded. Its base is another one, and so are the causes of its hours.
 */
export const restsOnSame = (loaded: LoadedAhead, plan: CompiledPlan): boolean =>
  JSON.stringify(whatRowsRestOn(loaded.plan)) === JSON.stringify(whatRowsRestOn(plan));

/** What of a source its rows depend on. */
const SOURCE_KEYS = [
  ...(['alias', 'table', 'lookup', 'read', 'head', 'window', 'window_keys'] as const),
  ...(['event_time', 'event_time_type', 'event_time_unit'] as const),
];

const whatRowsRestOn = (plan: CompiledPlan): unknown => [
  plan.status,
  plan.psyberg_session_id,
  plan.trigger,
  plan.grain,
  plan.range,
  plan.hours.map(({ hour, empty }) => [hour, empty]),
  plan.sources.map((source) => SOURCE_KEYS.map((key) => source[key])),
  [plan.target.table_uuid, plan.target.operation, plan.target.format_version, plan.target.layout],
  // Whoever published in between has another session to go on from.
  plan.target.previous_session_id,
  plan.steps.filter(({ stage, kind }) => stage === 'branch' || stage === 'load' || kind === 'count-sources'),
];
