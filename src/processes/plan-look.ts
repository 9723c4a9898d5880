/** Plans a look at a process: at its next session, or at given hours. Process + hours -> plan. Reads only. */
import type { HoursAsked } from '../compile/index.ts';
import { patternOf } from '../kinds/patterns/index.ts';
import { PsybergError, usageError } from '../model/errors.ts';
import { type Hour, hourText, parseHour, sessionIdOf } from '../model/hour.ts';
import { hourRangeText, hoursText, parseHourRange } from '../model/hour-range.ts';
import { tableName } from '../model/names.ts';
import type { CompiledPlan, Plan } from '../model/plan.ts';
import type { ProcessSpec } from '../model/process-spec.ts';
import type { Session } from '../model/session.ts';
import { hourOfInterest, lastCompleteHour, planHours } from '../plan/index.ts';
import { producerOf } from '../project/dependency-order.ts';
import { openSession } from '../session/open-session.ts';
import { judgeSql } from '../workload/duckdb/judge-sql.ts';
import { nameProcess } from '../workload/duckdb/sql-error.ts';
import type { Workspace } from '../workspace/open-workspace.ts';
import { planProcess } from './plan-process.ts';

export interface PlannedLook {
  readonly plan: CompiledPlan;
  readonly asked: HoursAsked;
  /** What a person has to know about it, one sentence each. */
  readonly notes: readonly string[];
}

/** A process whose rows cannot be shown: a source does not exist yet, or every file was read before. */
export interface Unreadable {
  readonly plan: CompiledPlan;
  readonly notes: readonly string[];
}

export const isReadable = (look: PlannedLook | Unreadable): look is PlannedLook => 'asked' in look;

/**
 * `hours`: as `--hours` takes them; default: the next session. Throws `hours-invalid`, `event-time-missing`
 * for hours of a source that has none, `source-missing` for hours of a source that is yet to be written, and
 * the errors of planning.
 */
export const planLook = (
  workspace: Workspace,
  spec: ProcessSpec,
  hours: string | undefined,
): Promise<PlannedLook | Unreadable> =>
  (hours === undefined ? planNext(workspace, spec) : planGiven(workspace, spec, hours)).catch(
    (error: unknown) => {
      throw nameProcess(error, spec);
    },
  );

async function planNext(workspace: Workspace, spec: ProcessSpec): Promise<PlannedLook | Unreadable> {
  const plan = await planProcess(workspace, spec, { writesNothing: true }).catch((error: unknown) => {
    throw withHoursInHint(error);
  });
  if (plan.status === 'work')
    return { plan, asked: 'session', notes: [`the next session of ${spec.processName}: ${hoursText(plan)}`] };
  if (readsFiles(spec))
    return { plan, notes: [`nothing is new for ${spec.processName}: every file was read before`] };
  const session = await openHeads(workspace, spec, Number.NEGATIVE_INFINITY);
  const missing = missingSources(workspace, session);
  if (missing.length > 0)
    return { plan, notes: missing.map((each) => `${spec.processName} waits: ${each.message}; ${each.hint}`) };
  await judgeSql(await workspace.engine(), workspace.project, spec);
  return {
    plan: asLast(plan, session),
    asked: 'last',
    notes: [nothingNew(plan, session)],
  };
}

/** Adds to a refusal that a look at given hours is not refused. */
function withHoursInHint(error: unknown): unknown {
  if (!(error instanceof PsybergError) || error.kind !== 'refused') return error;
  const { code, message, hint, context, retryable } = error;
  return new PsybergError(code, message, {
    hint: `${hint === undefined ? '' : `${hint}; `}to look at hours all the same: --hours FROM..TO`,
    context,
    kind: 'refused',
    retryable,
    cause: error,
  });
}

/** Makes the plan of a session without work readable: over the last hour, or over nothing. */
function asLast(plan: CompiledPlan, session: Session): CompiledPlan {
  if (!patternOf(session.spec).loadsHours)
    return { ...plan, sources: plan.sources.map((source) => ({ ...source, read: { kind: 'nothing' } })) };
  const hour = hourOfInterest(session);
  const last = planHours(session, { firstHour: hour, lastHour: hour });
  return { ...last, status: plan.status, psyberg_session_id: plan.psyberg_session_id, steps: [] };
}

function nothingNew(plan: Plan, session: Session): string {
  const name = plan.process_name;
  if (plan.status === 'waiting' && plan.owed_hours.length > 0) {
    const owed = plan.owed_hours.map(parseHour);
    const hours = hourRangeText({ firstHour: owed[0] as Hour, lastHour: owed.at(-1) as Hour }, plan);
    const behind = plan.held_back_by === null ? '' : `: ${plan.held_back_by} is not complete so far`;
    return `nothing of ${name} can be loaded yet${behind}; for its rows add --hours ${hours}`;
  }
  const hour = hourOfInterest(session);
  return `nothing is new for ${name}; for its last ${plan.grain ?? 'hour'} add --hours ${hourRangeText({ firstHour: hour, lastHour: hour }, plan)}`;
}

async function planGiven(workspace: Workspace, spec: ProcessSpec, text: string): Promise<PlannedLook> {
  const range = parseHourRange(text);
  refuseFiles(spec);
  refuseWithoutEventTime(spec);
  const session = await openHeads(workspace, spec, range.lastHour, range.firstHour);
  const [missing] = missingSources(workspace, session);
  if (missing !== undefined)
    throw usageError('source-missing', missing.message, {
      hint: missing.hint,
      context: { process_name: spec.processName, table: missing.table },
    });
  await judgeSql(await workspace.engine(), workspace.project, spec);
  const plan = planHours(session, range);
  return { plan: { ...plan, steps: [] }, asked: 'given', notes: notesOn(session, plan) };
}

/** Whether a source is a folder of files, which are in no catalog and are read only once. */
export const readsFiles = (spec: ProcessSpec): boolean =>
  spec.sources.some(({ files }) => files !== undefined);

function refuseFiles(spec: ProcessSpec): void {
  if (!readsFiles(spec)) return;
  throw usageError('usage', `${spec.processName} reads files, whose rows cannot be chosen by hours`, {
    hint: `leave --hours out to see the rows of new files: psyberg show ${spec.processName}`,
    context: { process_name: spec.processName },
  });
}

function refuseWithoutEventTime(spec: ProcessSpec): void {
  const without = spec.sources.find(
    ({ eventTime, lookup }) => eventTime === undefined && lookup === undefined,
  );
  if (without === undefined) return;
  throw usageError(
    'event-time-missing',
    `rows of ${tableName(without.table)} cannot be chosen by hours: its source in ${spec.processName} names no event_time`,
    {
      hint: `write event_time: COLUMN under that source in ${spec.file}, or leave --hours out`,
      context: { process_name: spec.processName, table: tableName(without.table) },
    },
  );
}

const openHeads = (
  workspace: Workspace,
  spec: ProcessSpec,
  lookUpTo: Hour,
  lookFrom?: Hour,
): Promise<Session> => {
  const { project, client, engine, views, endpoint } = workspace;
  const nowMs = workspace.now();
  return openSession({
    spec,
    project,
    catalog: client,
    engine,
    views,
    endpoint,
    psybergSessionId: sessionIdOf(nowMs),
    nowMs,
    lookUpTo,
    ...(lookFrom === undefined ? {} : { lookFrom }),
  });
};

interface Missing {
  readonly table: string;
  readonly message: string;
  readonly hint: string;
}

function missingSources({ project }: Workspace, session: Session): Missing[] {
  return session.sources
    .filter(({ awaited }) => awaited)
    .map(({ spec }) => ({
      table: tableName(spec.table),
      message: `the source ${tableName(spec.table)} does not exist yet`,
      hint: `psyberg run ${producerOf(project, spec.table)?.processName ?? ''} creates it`,
    }));
}

const beginText = (hour: Hour): string =>
  Number.isFinite(hour) ? `with ${hourText(hour)}` : 'when one has a row';

/** Notes on hours that no session would load like this. */
function notesOn(session: Session, { range, target, pattern }: Plan): string[] {
  const { first_hour: first, last_hour: last } = range as NonNullable<Plan['range']>;
  const { processName } = session.spec;
  const { emptyBefore } = session.begin ?? {};
  if (emptyBefore !== undefined && parseHour(last) < emptyBefore)
    return [
      `no source of ${processName} has a row of these hours or of earlier ones: it begins ${beginText(emptyBefore)}`,
    ];
  const notes: string[] = [];
  if (emptyBefore !== undefined)
    notes.push(`${processName} begins ${beginText(emptyBefore)}: no source has an earlier row`);
  const complete = lastCompleteHour(session);
  if (complete === undefined) notes.push('no hour is complete for all sources yet: rows may still come');
  else if (parseHour(last) > complete)
    notes.push(`hours after ${hourText(complete)} are not complete for all sources: rows may still come`);
  const reached = target.complete_to_hour;
  const isPreviousEmpty = reached === null || parseHour(reached) < parseHour(first) - 1;
  if (patternOf({ pattern }).readsPrevious && emptyBefore === undefined && isPreviousEmpty)
    notes.push(
      reached === null
        ? `previous is empty in ${first}: nothing was loaded into ${target.table} yet`
        : `previous is empty in ${first}: ${target.table} was loaded up to ${reached}`,
    );
  return notes;
}
