/**
 * Records a session that failed before it could publish in the session table, where `history` and `status`
 * find it. Error -> rows, in a commit of their own. Replaces nothing, and never throws: the failure is
 * reported by its own error, and a warehouse that cannot be written to keeps no record.
 */

import { discard } from '../../files/remove.ts';
import { hasSessionFolder } from '../../markers/session-folders.ts';
import { type ErrorJson, isUnanswered, PsybergError } from '../../model/errors.ts';
import { sessionIdOf } from '../../model/hour.ts';
import type { CompiledPlan } from '../../model/plan.ts';
import type { ProcessSpec } from '../../model/process-spec.ts';
import type { RestateRequest } from '../../model/restate.ts';
import type { RunStatus } from '../../model/run-record.ts';
import { freeSessionId } from '../../model/session-id.ts';
import { storageFault } from '../../model/storage-faults.ts';
import { laterThanPublished, sessionsWritten } from '../../state/sessions-written.ts';
import { failedSessionRows, SESSION, sessionRows } from '../../state/tables/session.ts';
import type { StateRow } from '../../state/tables/state-table.ts';
import { composeStateChange, deleteObsoleteFiles, ensureStateTable } from '../../state/write-state.ts';
import type { RunPorts } from '../ports.ts';

export interface Failure {
  readonly status: RunStatus;
  readonly error: ErrorJson;
  /** Undefined when it failed before it had one. */
  readonly plan: CompiledPlan | undefined;
  /** What was asked for, where it failed before it had a plan. */
  readonly restate?: RestateRequest | undefined;
  /** The session of a plan that was refused before it began: the plan may still run, under this id. */
  readonly refusedPlanId?: string | undefined;
  readonly atMs: number;
}

/** Tries while other processes write to the table. */
const ATTEMPTS = 5;

/**
 * What became of these is not known yet (the next run writes it down), or the catalog or the disk does not
 * take a row at all.
 */
const UNRECORDED: ReadonlySet<string> = new Set(['commit-unknown', 'interrupted', 'warehouse-not-writable']);

/** True for a failure that can be written down. */
export const isRecorded = (error: unknown): boolean =>
  !isUnanswered(error) &&
  storageFault(error) === undefined &&
  !(error instanceof PsybergError && UNRECORDED.has(error.code));

/**
 * Writes the rows down, and returns the id of the session under which they stand; what keeps it from doing so
 * is told through `onStep`.
 */
export async function recordFailure(
  ports: RunPorts,
  spec: ProcessSpec,
  failure: Failure,
): Promise<string | undefined> {
  try {
    return await write(ports, spec, failure);
  } catch (error) {
    ports.onStep(`${spec.processName}: its failure was not recorded: ${String(error)}`);
    return undefined;
  }
}

async function write(ports: RunPorts, spec: ProcessSpec, failure: Failure): Promise<string> {
  const { catalog, engine, project, sessionsDirectory } = ports;
  const { sessionTable: table } = project.tables;
  const { processName } = spec;
  engine.resume();
  const own = failure.plan?.psyberg_session_id;
  const begun = own ?? (await freshSessionId(ports, spec, failure));
  const runs = (id: string): boolean =>
    id !== own && hasSessionFolder(sessionsDirectory, { processName, psybergSessionId: id });
  for (let attempt = 1; ; attempt += 1) {
    const metadata = await ensureStateTable(catalog, table, SESSION);
    const recorded = sessionsWritten(metadata, processName);
    const isReserved = (id: string): boolean => own === undefined && id === failure.refusedPlanId;
    const psybergSessionId = freeSessionId(begun, (id) => recorded.has(id) || runs(id) || isReserved(id));
    const change = await composeStateChange(engine, metadata, {
      table,
      definition: SESSION,
      processName,
      psybergSessionId,
      rows: rowsOf(spec, psybergSessionId, failure),
      replacesSession: false,
    });
    try {
      await catalog.commitTable(table, change.change);
      deleteObsoleteFiles([change]);
      return psybergSessionId;
    } catch (error) {
      discard(change.files, error);
      const isLost = error instanceof PsybergError && error.code === 'commit-conflict';
      if (!isLost || attempt >= ATTEMPTS) throw error;
    }
  }
}

function rowsOf(
  spec: ProcessSpec,
  psybergSessionId: string,
  { status, error, plan, restate, atMs }: Failure,
): StateRow[] {
  const outcome = {
    status,
    targetSnapshotId: null,
    rowsRead: null,
    rowsWritten: null,
    createdAt: new Date(atMs).toISOString(),
    error: JSON.stringify(error),
    plan: null,
  };
  return plan === undefined
    ? failedSessionRows(spec, psybergSessionId, outcome, restate)
    : sessionRows({ ...plan, psyberg_session_id: psybergSessionId }, outcome);
}

/** Later than that of the last session which published: one that failed in the same second is another one. */
async function freshSessionId(
  { catalog }: RunPorts,
  { processName, target }: ProcessSpec,
  { atMs }: Failure,
): Promise<string> {
  const metadata = (await catalog.loadTable(target.table).catch(() => undefined))?.metadata;
  return laterThanPublished(sessionIdOf(atMs), metadata, processName);
}
