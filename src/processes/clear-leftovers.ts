/**
 * Removes what killed sessions of a process have left, before and after a session runs. Workspace + process
 * -> those sessions.
 */

import { hasFolderOfProcess } from '../markers/session-folders.ts';
import type { ProcessSpec } from '../model/process-spec.ts';
import type { AbandonedSession } from '../run/leftovers/clean-up.ts';
import type { Workspace } from '../workspace/open-workspace.ts';

/**
 * Removes what killed sessions of a process have left, and writes state rows that they did not come to
 * write. The returned sessions are for {@link sweepAfter}.
 */
export async function clearLeftovers(workspace: Workspace, spec: ProcessSpec): Promise<AbandonedSession[]> {
  const { project, client, ports, sessionsDirectory } = workspace;
  await workspace.markers.learn();
  if (project.catalog.kind === 'rest') {
    const { repairStateTables } = await import('../run/records/repair-state.ts');
    await repairStateTables({ spec, project, catalog: client, ports });
  }
  return hasFolderOfProcess(sessionsDirectory, spec.processName) ? dropAbandoned(workspace, spec) : [];
}

/** Drops branches and files of killed sessions of the process. */
export async function dropAbandoned(workspace: Workspace, spec: ProcessSpec): Promise<AbandonedSession[]> {
  const { dropAbandonedSessions } = await import('../run/leftovers/clean-up.ts');
  return dropAbandonedSessions(await workspace.ports(spec), spec.target.table, spec.processName);
}

/**
 * Removes metadata files of commits that killed sessions had begun, once a session has committed after them.
 */
export async function sweepAfter(
  workspace: Workspace,
  spec: ProcessSpec,
  abandoned: readonly AbandonedSession[],
): Promise<void> {
  if (abandoned.length === 0) return;
  const { sweepMetadataFiles } = await import('../run/leftovers/sweep.ts');
  const since = Math.min(...abandoned.map((each) => each.startedAtMs));
  await sweepMetadataFiles(await workspace.ports(), spec, since);
}
