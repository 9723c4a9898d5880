/**
 * Ends a session that did not publish, on purpose: removes its branch, its files and its saved state, and
 * records that in the session table. Process + id -> what was dropped. Also for a branch that `--keep-branch`
 * left.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { TableMetadata } from '../../iceberg/table-metadata.ts';
import { sessionBranches } from '../../markers/session-branches.ts';
import { isAtWork, isOfHere, readMarker } from '../../markers/session-marker.ts';
import { conflict, PsybergError, refusal, usageError } from '../../model/errors.ts';
import { tableName } from '../../model/names.ts';
import { branchName } from '../../model/session-branch.ts';
import { snapshotOfSession } from '../../state/sessions-written.ts';
import { dropSessionNow } from '../leftovers/clean-up.ts';
import { recordSession } from '../records/write-session-state.ts';
import { beginSession } from '../session.ts';
import { readStoredSession, type StoredSession } from './saved-session.ts';
import type { StepRequest } from './step-records.ts';

/** Plain JSON: `session abort --json`. */
export interface AbortedSession {
  readonly process_name: string;
  readonly psyberg_session_id: string;
  readonly target: string;
  readonly branch: string;
  readonly dropped_branch: boolean;
}

/**
 * Throws `session-running` while a process works on it, `session-published` when there is nothing to undo,
 * and `session-unknown`. Repeated, it does no harm.
 */
export async function abortSession(request: StepRequest): Promise<AbortedSession> {
  const { ports, spec, psybergSessionId } = request;
  const branch = branchName(spec.processName, psybergSessionId);
  const directory = join(ports.sessionsDirectory, branch);
  const target = (await ports.catalog.loadTable(spec.target.table))?.metadata;
  refuseRunning(request, directory);
  refusePublished(request, target);
  const hasBranch = target?.refs?.[branch]?.type === 'branch';
  const stored = await storedSession(request);
  if (!hasBranch && stored === undefined && !existsSync(directory)) throw unknownSession(request, target);
  await dropSessionNow(ports, spec.target.table, branch);
  if (stored !== undefined && stored !== 'without a plan' && stored.status !== 'aborted')
    await recordSession(beginSession(ports, stored.plan, spec, { stepwise: true }), {
      status: 'aborted',
      error: null,
      plan: JSON.stringify(stored.plan),
    });
  return {
    process_name: spec.processName,
    psyberg_session_id: psybergSessionId,
    target: tableName(spec.target.table),
    branch,
    dropped_branch: hasBranch,
  };
}

/**
 * What the session table says of it; a session that was run as a whole has no plan there, and stays as it
 * ended.
 */
async function storedSession({
  ports,
  spec,
  psybergSessionId,
}: StepRequest): Promise<StoredSession | 'without a plan' | undefined> {
  try {
    return await readStoredSession(ports, spec.processName, psybergSessionId);
  } catch (error) {
    if (error instanceof PsybergError && error.code === 'session-plan-missing') return 'without a plan';
    throw error;
  }
}

/** A step of a stepwise session may be running at this moment; between two steps nothing is. */
function refuseRunning({ spec, psybergSessionId }: StepRequest, directory: string): void {
  const marker = readMarker(directory);
  const isElsewhere = marker !== undefined && !isOfHere(marker);
  if (
    marker === undefined ||
    marker.pid === process.pid ||
    (marker.stepwise && isElsewhere) ||
    !isAtWork({ ...marker, stepwise: false }, directory)
  )
    return;
  throw conflict(
    'session-running',
    `session ${psybergSessionId} of ${spec.processName} is at work in process ${marker.pid}${isElsewhere ? ` of ${marker.host}` : ''}`,
    {
      hint: 'wait until it has ended, or end that process: the next run cleans up after it',
      context: { process_name: spec.processName, psyberg_session_id: psybergSessionId, pid: marker.pid },
    },
  );
}

function refusePublished({ spec, psybergSessionId }: StepRequest, target: TableMetadata | undefined): void {
  const { processName } = spec;
  const snapshot =
    target === undefined ? undefined : snapshotOfSession(target, { processName, psybergSessionId });
  if (snapshot === undefined) return;
  throw refusal(
    'session-published',
    `session ${psybergSessionId} of ${processName} was published as snapshot ${snapshot['snapshot-id']}: there is nothing to abort`,
    {
      hint: `run "psyberg history ${processName}" to see its sessions`,
      context: { process_name: processName, psyberg_session_id: psybergSessionId },
    },
  );
}

function unknownSession(
  { ports, spec, psybergSessionId }: StepRequest,
  target: TableMetadata | undefined,
): PsybergError {
  const there = sessionBranches(ports.sessionsDirectory, spec.processName, target);
  return usageError('session-unknown', `there is no session ${psybergSessionId} of ${spec.processName}`, {
    hint:
      there.length === 0
        ? `none of its sessions has a branch; run "psyberg status ${spec.processName}" to see how far it has come`
        : `its sessions with a branch are ${there.map((each) => each.psyberg_session_id).join(', ')}`,
    context: { process_name: spec.processName, psyberg_session_id: psybergSessionId },
  });
}
