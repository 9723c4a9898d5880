/** Plays one arrival and the runs after it in a sandbox. Arrivals -> State, RunStep[]. */

import type { LookupUse } from '../../compare/recompute/lookup-states.ts';
import { patternOf } from '../../kinds/patterns/index.ts';
import type { ToldHour } from '../../kinds/vtts/index.ts';
import { lastOfWholeUnits, plannedHours } from '../../model/grain.ts';
import { type Hour, lastAllowedHour, parseHour } from '../../model/hour.ts';
import { tableKey } from '../../model/names.ts';
import type { CompiledPlan } from '../../model/plan.ts';
import type { ProcessSpec, SourceSpec } from '../../model/process-spec.ts';
import type { RunRecord, RunStatus } from '../../model/run-record.ts';
import { planProcess } from '../../processes/plan-process.ts';
import { skippedRecord } from '../../processes/records.ts';
import { runProcess } from '../../processes/run-process.ts';
import type { Workspace } from '../../workspace/open-workspace.ts';
import { complaintOf, isSqlFault, testProblem } from '../problem.ts';
import type { Checkpoint } from '../world/checkpoint.ts';
import { sourceInTest } from '../world/make-folder.ts';
import type { PreparedTest } from '../world/prepare.ts';
import type { Sandbox } from '../world/sandbox.ts';
import { ignoredLookups, lookupsNow } from './lookup-uses.ts';
import type { Order } from './orders.ts';

/** The current point of a play. */
export interface State {
  readonly played: Order;
  readonly clockMs: number;
  readonly checkpoint: Checkpoint;
  /** The last run of each process, in order; empty at the beginning. */
  readonly runs: readonly RunStep[];
  /** By process name, for those with lookups whose changes are ignored: every session that published. */
  readonly uses: ReadonlyMap<string, readonly LookupUse[]>;
}

export interface RunStep {
  /** As it was run, including what the test says about its sources. */
  readonly spec: ProcessSpec;
  readonly record: RunRecord;
  /** The warehouse before the run, for planning it again. */
  readonly before: Checkpoint;
  readonly clockMs: number;
}

export interface Playing {
  readonly sandbox: Sandbox;
  readonly prepared: PreparedTest;
}

export function beginning({ prepared }: Playing): State {
  const clocks = prepared.arrivals.flatMap(({ clockMs }) => clockMs ?? []);
  return {
    played: [],
    // Counts until an arrival says more.
    clockMs: clocks.length === 0 ? Date.now() : Math.min(...clocks),
    checkpoint: prepared.beginning,
    runs: [],
    uses: new Map(),
  };
}

/** Is called before each run of the processes that it names. */
export interface StepOptions {
  readonly onPlan?: {
    readonly of: ReadonlySet<string>;
    readonly take: (processName: string, plan: CompiledPlan) => void;
  };
}

/** Lands an arrival, and runs the processes. The warehouse must be at `state`. */
export async function playStep(
  playing: Playing,
  state: State,
  arrival: number,
  { onPlan }: StepOptions = {},
): Promise<State> {
  const { sandbox, prepared } = playing;
  const played = [...state.played, arrival];
  const clockMs = clockAfter(prepared, state, arrival);
  sandbox.setClock(clockMs);
  await land(playing, arrival);
  const specs = prepared.test.processes.map((spec) => specAt(prepared, spec, played));
  const workspace = sandbox.workspace(specs);
  const runs: RunStep[] = [];
  /** Names of processes by the targets that they did not bring up to date. */
  const behind = new Map<string, string>();
  const uses = new Map(state.uses);
  for (const spec of specs) {
    const before = sandbox.save();
    const name = `used_${played.join('_')}_${spec.processName}`;
    const noteUse = await useOfLookups(playing, spec, { name, workspace });
    const upstream = spec.sources.map(({ table }) => behind.get(tableKey(table))).find(isDefined);
    if (upstream === undefined && onPlan?.of.has(spec.processName) === true)
      await planProcess(workspace, spec, { writesNothing: true }).then(
        (plan) => onPlan.take(spec.processName, plan),
        // The run reports the error.
        () => undefined,
      );
    const record =
      upstream === undefined
        ? await runProcess(workspace, spec, { keepBranch: false, given: undefined, publishedNow: new Map() })
        : skippedRecord(spec, upstream);
    const use = noteUse?.(record);
    if (use !== undefined) uses.set(spec.processName, [...(uses.get(spec.processName) ?? []), use]);
    if (isFailing(record.status)) behind.set(tableKey(spec.target.table), spec.processName);
    runs.push({ spec, record, before, clockMs });
  }
  return { played, clockMs, checkpoint: sandbox.save(), runs, uses };
}

/**
 * Looks at lookups before a run; returns a function that tells from its record what the run used, or
 * undefined if no lookup is ignored. `name`: must be unique to the run.
 */
export async function useOfLookups(
  { sandbox }: Playing,
  spec: ProcessSpec,
  { name, workspace }: { readonly name: string; readonly workspace: Workspace },
): Promise<((record: RunRecord) => LookupUse | undefined) | undefined> {
  if (ignoredLookups(spec).length === 0) return undefined;
  const lookups = await lookupsNow(sandbox, spec, name);
  // A run that cannot be planned does not publish anything.
  const plan = await planProcess(workspace, spec, { writesNothing: true }).catch(() => undefined);
  const hours = new Set(plan === undefined ? [] : plannedHours(plan));
  return ({ status }) => (status === 'published' ? { hours, lookups } : undefined);
}

const isDefined = <Value>(value: Value | undefined): value is Value => value !== undefined;

const FAILING: ReadonlySet<RunStatus> = new Set(['audit-failed', 'conflict', 'refused', 'failed']);
export const isFailing = (status: RunStatus): boolean => FAILING.has(status);

/** The clock never goes back. */
const clockAfter = ({ arrivals }: PreparedTest, state: State, arrival: number): number => {
  const own = arrivals[arrival]?.clockMs;
  if (own === undefined) return state.clockMs;
  return state.played.length === 0 ? own : Math.max(state.clockMs, own);
};

async function land({ sandbox, prepared }: Playing, arrival: number): Promise<void> {
  const { test } = prepared;
  for (const { table, file, inLake } of prepared.arrivals[arrival]?.commits ?? []) {
    if (file !== undefined) {
      sandbox.files.land(file);
      continue;
    }
    const deletion = test.arrivals[arrival]?.deletions.find(
      (each) => tableKey(each.table) === tableKey(table.id),
    );
    try {
      if (deletion === undefined) await sandbox.query(inLake);
      else await sandbox.sql(inLake);
    } catch (error) {
      if (!isSqlFault(error) || deletion === undefined) throw error;
      throw testProblem(
        test.file,
        deletion.place,
        `these rows cannot be deleted: ${complaintOf(error)}`,
        `write a condition on the columns ${table.columns.map(({ name }) => name).join(', ')}`,
      );
    }
  }
}

/**
 * The process as it runs after these arrivals: sources from outside are complete as the test says. SQL that
 * a session would refuse because it combines rows is played all the same. So the difference between the
 * target and the result over all rows shows in cells, and in the order of arrivals that causes it.
 */
export function specAt(prepared: PreparedTest, spec: ProcessSpec, played: Order): ProcessSpec {
  return {
    ...spec,
    sources: spec.sources.map((source) => sourceAt(prepared, source, played)),
    accept: [...(spec.accept ?? []), 'hours-not-alone', 'join-without-window', 'rows-not-alone'],
  };
}

function sourceAt(prepared: PreparedTest, source: SourceSpec, played: Order): SourceSpec {
  const { folder, columns = [] } =
    prepared.tables.find(({ id }) => tableKey(id) === tableKey(source.table)) ?? {};
  if (folder !== undefined) return sourceInTest(source, folder, columns);
  // The arrivals say where it begins: all of them count.
  const whole: SourceSpec = { ...source, start: { kind: 'beginning' } };
  const hour = toldHour(prepared, source, played);
  const told: ToldHour | undefined = hour === undefined ? undefined : { kind: 'hour', hour };
  return told === undefined ? whole : { ...whole, vtts: told };
}

/** Undefined: as the process says. */
export function toldHour(
  { test, tables, arrivals }: PreparedTest,
  { table, files }: SourceSpec,
  played: Order,
): Hour | undefined {
  const key = tableKey(table);
  // A folder is complete up to the newest hour of its files.
  if (files !== undefined) return undefined;
  if (test.vtts === 'real' || !tables.some(({ id }) => tableKey(id) === key)) return undefined;
  const told = played.flatMap((arrival) => {
    const { completeTo } = arrivals[arrival] as PreparedTest['arrivals'][number];
    return completeTo.get(key) ?? completeTo.get('') ?? [];
  });
  return told.length === 0 ? BEFORE_ALL : Math.max(...told);
}

/** Nothing is complete yet. */
const BEFORE_ALL: Hour = -17_259_888;

/**
 * The last hour that is complete for a process at a state. What the test says counts; for other sources a
 * plan tells how far they are. That only decides where a recompute ends, not what it returns.
 */
export async function completeHourOf(
  { sandbox, prepared }: Playing,
  state: State,
  spec: ProcessSpec,
): Promise<Hour | undefined> {
  if (!patternOf(spec).loadsHours) return undefined;
  const events = spec.sources.filter(({ lookup }) => lookup === undefined);
  const told = events.map((source) => {
    const hour = toldHour(prepared, source, state.played);
    return hour === undefined ? undefined : Math.min(hour, lastAllowedHour(state.clockMs, source));
  });
  if (told.every(isDefined)) return lastOfWholeUnits(spec, leastComplete(events, told));
  const now = specAt(prepared, spec, state.played);
  sandbox.setClock(state.clockMs);
  const plan = await planProcess(sandbox.workspace([now]), now, { writesNothing: true });
  const vtts = plan.sources
    .filter(({ lookup }) => lookup !== true)
    .map(({ vtts_hour: hour }, index) => told[index] ?? (hour === null ? undefined : parseHour(hour)));
  const reached = plan.target.complete_to_hour;
  const least = vtts.every(isDefined) ? lastOfWholeUnits(spec, leastComplete(events, vtts)) : undefined;
  if (reached === null) return least;
  return Math.max(least ?? Number.NEGATIVE_INFINITY, parseHour(reached));
}

/** An hour of the target needs its sources as far as their windows reach beyond it. */
export const leastComplete = (sources: readonly SourceSpec[], hours: readonly Hour[]): Hour =>
  Math.min(...hours.map((hour, index) => hour - (sources[index]?.window?.afterHours ?? 0)));
