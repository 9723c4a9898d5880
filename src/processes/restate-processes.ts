/**
 * Computes hours again, and then what reads them. Process + hours -> RunRecord[]. Each process runs a session
 * of its own. What a killed or failed restate has published stays published, and the same call continues from
 * there, as the tables tell; or all processes publish in one commit.
 */
import { usageError } from '../model/errors.ts';
import { parseHourRange } from '../model/hour-range.ts';
import type { CompiledPlan } from '../model/plan.ts';
import type { ProcessSpec } from '../model/process-spec.ts';
import type { HoursToRestate, RestateRequest } from '../model/restate.ts';
import type { RunRecord } from '../model/run-record.ts';
import { followed } from '../plan/index.ts';
import { processesBelow } from '../project/dependency-order.ts';
import { isBehind } from '../session/is-behind.ts';
import type { Workspace } from '../workspace/open-workspace.ts';
import { addingColumns } from './adding-columns.ts';
import { planProcess } from './plan-process.ts';
import type { RunRequest } from './run-processes.ts';
import { seenOnce } from './seen-once.ts';

/** Exactly one of `hours`, `changedSql` and `all`. */
export interface RestateOptions {
  /** As `--hours` takes them. */
  readonly hours?: string;
  /** The hours that were made by another SQL than the current one. */
  readonly changedSql?: boolean;
  /** All hours that the target has. */
  readonly all?: boolean;
  /** Also what reads the target, and what reads that. */
  readonly downstream?: boolean;
  /**
   * One commit switches all targets: no reader sees one of them restated and another one not yet. Where one
   * process fails, nothing is published.
   */
  readonly atomic?: boolean;
  /** Kept with the session's record. */
  readonly reason?: string;
  /** Leaves the branch of a session whose audits fail. */
  readonly keepBranch?: boolean;
  /** Called with each record as soon as its process is done. */
  readonly onRecord?: (record: RunRecord) => void;
}

/** Runs processes as `run` does; what they announce is delivered as well. */
type Runs = (names: readonly string[], request: RunRequest) => Promise<RunRecord[]>;

/** See `Psyberg.restate`. */
export async function restateProcesses(
  workspace: Workspace,
  spec: ProcessSpec,
  options: RestateOptions & { readonly run: Runs },
): Promise<RunRecord[]> {
  const { downstream = false, atomic = false, reason, keepBranch = false, onRecord } = options;
  const hours = hoursOf(options);
  const below = downstream ? processesBelow(workspace.project, spec) : [];
  const goesOn = await isBehind(workspace.client, [spec, ...below]);
  const restate = (each: ProcessSpec): RestateRequest =>
    each.processName === spec.processName ? { hours, reason, goesOn } : { hours: undefined, reason };
  const names = [spec, ...below].map(({ processName }) => processName);
  return options.run(names, {
    keepBranch,
    restate,
    together: atomic,
    ...(onRecord === undefined ? {} : { onRecord }),
  });
}

/** See `Psyberg.planRestate`. */
export async function planRestate(
  workspace: Workspace,
  spec: ProcessSpec,
  options: RestateOptions,
): Promise<CompiledPlan[]> {
  const { downstream = false, reason } = options;
  const seen = { ...workspace, client: seenOnce(workspace.client) };
  const plan = (
    each: ProcessSpec,
    hours: HoursToRestate | undefined,
    reads: boolean,
  ): Promise<CompiledPlan> =>
    planProcess(seen, addingColumns(each), { writesNothing: true, reads, restate: { hours, reason } });
  const planned = [{ spec, plan: await plan(spec, hoursOf(options), true) }];
  const below = downstream ? processesBelow(workspace.project, spec) : [];
  for (const each of below) planned.push({ spec: each, plan: await plan(each, undefined, false) });
  return downstream ? followed(planned) : planned.map((each) => each.plan);
}

/** Throws `usage` unless one of the three is asked for, and `hours-invalid`. */
function hoursOf({ hours, changedSql = false, all = false, reason }: RestateOptions): HoursToRestate {
  const asked = [hours !== undefined, changedSql, all].filter(Boolean).length;
  if (asked !== 1)
    throw usageError(
      'usage',
      asked === 0
        ? 'which hours are to be restated was not said'
        : 'hours, those of a changed SQL, and all are three ways to say which: one of them is enough',
      { hint: 'name one: --hours FROM..TO, --changed-sql or --all' },
    );
  if (reason !== undefined && reason.trim() === '')
    throw usageError('usage', 'the reason is empty', { hint: 'write it, or leave --reason out' });
  if (hours !== undefined) return { kind: 'hours', range: parseHourRange(hours) };
  return { kind: changedSql ? 'changed-sql' : 'all' };
}
