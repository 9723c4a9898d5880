/**
 * Loads the session that a step continues: by its id, in the state that the step expects, as the step before
 * has left it. Request -> stored session, or a refusal.
 */
import { mainSnapshot, snapshotById } from '../../iceberg/history.ts';
import { sessionFolder } from '../../markers/session-folders.ts';
import { isAtWork, isOfHere, readMarker } from '../../markers/session-marker.ts';
import { conflict, type PsybergError, refusal, usageError } from '../../model/errors.ts';
import { unitHours } from '../../model/grain.ts';
import { parseTableName } from '../../model/names.ts';
import type { CompiledPlan } from '../../model/plan.ts';
import { type Begun, beginSession, type Staged } from '../session.ts';
import { isPlannedBase } from '../target.ts';
import {
  type IdleJson,
  readSteps,
  readStoredSession,
  type StagedJson,
  type StoredSession,
  stagedFrom,
} from './saved-session.ts';
import type { StepRequest } from './step-records.ts';

/** How far a session has come; a step expects the state before its own. */
export const PROGRESS: readonly string[] = ['initialized', 'loaded', 'audited', 'published'];

export type FoundSession =
  | { readonly kind: 'idle'; readonly idle: IdleJson }
  | { readonly kind: 'stored'; readonly stored: StoredSession };

/** The session by its id. Throws `session-unknown` when init never opened it. */
export async function findSession({ ports, spec, psybergSessionId }: StepRequest): Promise<FoundSession> {
  const saved = readSteps(sessionFolder(ports.sessionsDirectory, { ...spec, psybergSessionId }));
  if (saved !== undefined && 'idle' in saved) return { kind: 'idle', idle: saved };
  const stored = await readStoredSession(ports, spec.processName, psybergSessionId);
  if (stored !== undefined) return { kind: 'stored', stored };
  throw usageError('session-unknown', `there is no session ${psybergSessionId} of ${spec.processName}`, {
    hint: `open it first: psyberg session init --process_name=${spec.processName} --psyberg_session_id=${psybergSessionId}`,
    context: { process_name: spec.processName, psyberg_session_id: psybergSessionId },
  });
}

/**
 * True when the session is where the step expects it, false when the step was done before. Throws
 * `step-out-of-order`.
 */
export function expects(
  request: StepRequest,
  stored: StoredSession,
  step: string,
  before: 'initialized' | 'loaded' | 'audited',
): boolean {
  if (stored.status === before) return true;
  if (PROGRESS.indexOf(stored.status) > PROGRESS.indexOf(before)) return false;
  throw outOfOrder(request, stored, step);
}

const NEXT_STEP: Readonly<Record<string, string>> = {
  initialized: 'load',
  loaded: 'audit',
  audited: 'publish',
};

export function outOfOrder(
  { spec, psybergSessionId }: StepRequest,
  stored: StoredSession,
  step: string,
): PsybergError {
  const next = NEXT_STEP[stored.status];
  const missing = `psyberg session ${next ?? 'init'} --process_name=${spec.processName} --psyberg_session_id=${psybergSessionId}`;
  return refusal(
    'step-out-of-order',
    `${step} cannot run: session ${psybergSessionId} of ${spec.processName} is '${stored.status}'${stored.error === undefined ? '' : ` (${stored.error.message})`}`,
    {
      hint: next === undefined ? `it has ended; open it again: ${missing}` : `run first: ${missing}`,
      context: {
        process_name: spec.processName,
        psyberg_session_id: psybergSessionId,
        status: stored.status,
      },
    },
  );
}

/**
 * A plan is loaded as it was made: by the same SQL, onto the same target, from snapshots that are still
 * there. A source that grew meanwhile does not matter.
 */
export async function refuseStaleSession(
  { ports, spec, psybergSessionId }: StepRequest,
  plan: CompiledPlan,
): Promise<void> {
  const stale = (what: string): PsybergError =>
    refusal(
      'plan-stale',
      `session ${psybergSessionId} of ${spec.processName} is stale: ${what} since it was opened`,
      {
        hint: `open a new one: psyberg session init --process_name=${spec.processName}`,
        context: { process_name: spec.processName, psyberg_session_id: psybergSessionId },
      },
    );
  if (plan.process_sha256 !== spec.sqlSha256) throw stale('the SQL of the process was changed');
  if (unitHours(plan) !== unitHours(spec)) throw stale('the grain of the process was changed');
  const target = await ports.catalog.loadTable(spec.target.table);
  const main = target === undefined ? undefined : mainSnapshot(target.metadata);
  if (
    !isPlannedBase(plan, main) ||
    (plan.target.exists && target?.metadata['table-uuid'] !== plan.target.table_uuid)
  )
    throw stale(`the target ${plan.target.table} was changed`);
  for (const source of plan.sources) {
    // The files of a folder are checked when they are read.
    if (source.head === null || source.files_glob !== undefined) continue;
    const loaded = await ports.catalog.loadTable(parseTableName(source.table));
    const there =
      loaded !== undefined &&
      loaded.metadata['table-uuid'] === source.head.table_uuid &&
      snapshotById(loaded.metadata, BigInt(source.head.snapshot_id)) !== undefined;
    if (!there) throw stale(`snapshot ${source.head.snapshot_id} of the source ${source.table} was removed`);
  }
}

/** Two loads of one session at once would each take the other's branch for a dead one's. */
export function refuseSecondLoad({ plan, directory }: Begun): void {
  const marker = readMarker(directory);
  if (
    marker === undefined ||
    !isOfHere(marker) ||
    marker.pid === process.pid ||
    !isAtWork({ ...marker, stepwise: false }, directory)
  )
    return;
  throw conflict(
    'session-busy',
    `session ${plan.psyberg_session_id} of ${plan.process_name} is being loaded by process ${marker.pid}`,
    {
      hint: 'wait until it has ended',
    },
  );
}

export interface ResumedSession {
  readonly staged: Staged;
  /** The session as the step before saved it. */
  readonly saved: StagedJson;
}

/**
 * A session that was loaded by another process. Throws `staging-lost` when its branch is no longer what the
 * load left.
 */
export async function resumeSession(
  { ports, spec, psybergSessionId }: StepRequest,
  plan: CompiledPlan,
): Promise<ResumedSession> {
  const session = beginSession(ports, plan, spec, { stepwise: true });
  const saved = readSteps(session.directory);
  const target = await ports.catalog.loadTable(spec.target.table);
  const staged =
    saved === undefined || 'idle' in saved ? undefined : stagedFrom(session, saved, target?.metadata);
  if (staged === undefined)
    throw refusal(
      'staging-lost',
      `what session ${psybergSessionId} of ${spec.processName} staged is gone: its branch ${session.branch} was dropped or changed`,
      {
        hint: `open a new session: psyberg session init --process_name=${spec.processName}`,
        context: {
          process_name: spec.processName,
          psyberg_session_id: psybergSessionId,
          branch: session.branch,
        },
      },
    );
  return { staged, saved: saved as StagedJson };
}
