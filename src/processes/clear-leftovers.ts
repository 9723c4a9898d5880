/**
 * Removes what killed sessions of a process have left, before and after a session runs. Workspace + process
 * -> those sessions.
 */
import type { ProcessSpec } from '../model/process-spec.ts';
import type { AbandonedSession } from '../run/leftovers/clean-up.ts';
import { hasSessionFolder } from '../workspace/folders.ts';
import type { Workspace } from '../workspace/open-workspace.ts';

/**
 * What killed sessions of a process have left goes, and what they have not written down is written down. The
 * sessions are for {@link sweepAfter}.
 */
export async function clearLeftovers(workspace: Workspace, spec: ProcessSpec): Promise<AbandonedSession[]> {
  const { project, client, ports, sessionsDirectory } = workspace;
  await workspace.markers.learn();
  if (project.catalog.kind === 'rest') {
    const { repairStateTables } = await import('../run/records/repair-state.ts');
    await repairStateTables({ spec, project, catalog: client, ports });
  }
  return hasSessionFolder(sessionsDirectory, spec.processName) ? dropAbandoned(workspace, spec) : [];
}

/** What killed sessions of the process have left goes. */
export async function dropAbandoned(workspace: Workspace, spec: ProcessSpec): Promise<AbandonedSession[]> {
  const { dropAbandonedSessions } = await import('../run/leftovers/clean-up.ts');
  return dropAbandonedSessions(await workspace.ports(spec), spec.target.table, spec.processName);
}

/** The commits that killed sessions had begun: their tables have been committed to since. */
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
