/** Several processes, in dependency order. Names -> RunRecord[]. */
import { tableName } from '../model/names.ts';
import type { CompiledPlan } from '../model/plan.ts';
import type { ProcessSpec } from '../model/process-spec.ts';
import type { RunRecord } from '../model/run-record.ts';
import { processesInDependencyOrder } from '../project/dependency-order.ts';
import type { Workspace } from '../workspace/open-workspace.ts';
import { skippedRecord } from './records.ts';
import { runProcess } from './run-process.ts';

export interface RunRequest {
  /** Leaves the branch of a session whose audits fail, for a person to look at. */
  readonly keepBranch?: boolean;
  /** Plans made before: run exactly these, or refuse when they are stale. */
  readonly plans?: readonly CompiledPlan[];
  /** Called with each record as soon as its process is done. */
  readonly onRecord?: (record: RunRecord) => void;
}

/** A process that fails stops those that read its target; the others run. Ends early when interrupted. */
export async function runProcesses(
  workspace: Workspace,
  names: readonly string[] | undefined,
  request: RunRequest,
): Promise<RunRecord[]> {
  const { plans, keepBranch = false } = request;
  const records: RunRecord[] = [];
  /** Processes by the targets that they did not bring up to date. */
  const failed = new Map<string, string>();
  const publishedNow = new Set<string>();
  const wanted = names ?? plans?.map((plan) => plan.process_name);
  for (const spec of processesInDependencyOrder(workspace.project, wanted)) {
    const upstream = spec.sources
      .map((source) => failed.get(keyOf(source)))
      .find((name) => name !== undefined);
    const given = plans?.find((plan) => plan.process_name === spec.processName);
    const record =
      upstream === undefined
        ? await runProcess(workspace, spec, { keepBranch, given, publishedNow })
        : skippedRecord(spec, upstream);
    // What reads a target that was not brought up to date would publish a result that is known to be behind.
    if (!UP_TO_DATE.has(record.status)) failed.set(keyOf(spec.target), spec.processName);
    if (record.status === 'published') publishedNow.add(keyOf(spec.target));
    records.push(record);
    request.onRecord?.(record);
    if (record.error?.code === 'interrupted') break;
  }
  return records;
}

const UP_TO_DATE: ReadonlySet<RunRecord['status']> = new Set(['published', 'nothing-new', 'waiting']);

const keyOf = ({ table }: Pick<ProcessSpec['target'], 'table'>): string => tableName(table).toLowerCase();
