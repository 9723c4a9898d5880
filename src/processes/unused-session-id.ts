/**
 * The id of a session that begins now: the second, or the first one after it that no session of the process
 * has. Second + what metadata tell of its sessions -> id.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ProcessSpec } from '../model/process-spec.ts';
import { branchName } from '../model/session-branch.ts';
import { freeSessionId } from '../model/session-id.ts';
import { laterThanPublished, sessionsWritten } from '../state/sessions-written.ts';
import type { Workspace } from '../workspace/open-workspace.ts';

/**
 * Later than every session that published, of none that failed in the same second, whichever command that
 * was, and not the name of a folder that is there.
 */
export async function unusedSessionId(
  workspace: Workspace,
  { processName, target }: ProcessSpec,
  id: string,
): Promise<string> {
  const recorded = await sessionsOf(workspace, processName);
  const published = (await workspace.client.loadTable(target.table))?.metadata;
  return freeSessionId(
    laterThanPublished(id, published, processName),
    (each) =>
      recorded.has(each) || existsSync(join(workspace.sessionsDirectory, branchName(processName, each))),
  );
}

/** The id of a plan that was made before; another one where a session has had that meanwhile. */
export async function unrecordedSessionId(
  workspace: Workspace,
  { processName }: ProcessSpec,
  id: string,
): Promise<string> {
  const recorded = await sessionsOf(workspace, processName);
  return freeSessionId(id, (each) => recorded.has(each));
}

async function sessionsOf({ client, project }: Workspace, processName: string): Promise<Set<string>> {
  const table = await client.loadTable(project.tables.sessionTable);
  return sessionsWritten(table?.metadata, processName);
}
