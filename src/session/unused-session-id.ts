/**
 * The id of a session that begins now: the second, or the first one after it that no session of the process
 * has. Second + what metadata tell of its sessions -> id.
 */
import type { CatalogClient } from '../catalog/client/catalog-client.ts';
import { hasSessionFolder } from '../markers/session-folders.ts';
import type { ProcessSpec, ProjectSpec } from '../model/process-spec.ts';
import { freeSessionId } from '../model/session-id.ts';
import { laterThanPublished, sessionsWritten } from '../state/sessions-written.ts';

/** Where sessions leave what tells of them. */
interface SessionsRoom {
  readonly client: CatalogClient;
  readonly project: ProjectSpec;
  readonly sessionsDirectory: string;
}

/**
 * Later than every session that published, of none that failed in the same second, whichever command that
 * was, and not the name of a folder that is there.
 */
export async function unusedSessionId(
  room: SessionsRoom,
  { processName, target }: ProcessSpec,
  id: string,
): Promise<string> {
  const recorded = await sessionsOf(room, processName);
  const published = (await room.client.loadTable(target.table))?.metadata;
  return freeSessionId(
    laterThanPublished(id, published, processName),
    (each) => recorded.has(each) || hasFolder(room, processName, each),
  );
}

/**
 * The id of a plan that was made before, whose folder may be its own; another one where a session has had
 * that meanwhile, and which is no other session's folder.
 */
export async function unrecordedSessionId(
  room: SessionsRoom,
  { processName }: ProcessSpec,
  id: string,
): Promise<string> {
  const recorded = await sessionsOf(room, processName);
  return freeSessionId(
    id,
    (each) => recorded.has(each) || (each !== id && hasFolder(room, processName, each)),
  );
}

const hasFolder = ({ sessionsDirectory }: SessionsRoom, processName: string, id: string): boolean =>
  hasSessionFolder(sessionsDirectory, { processName, psybergSessionId: id });

async function sessionsOf({ client, project }: SessionsRoom, processName: string): Promise<Set<string>> {
  const table = await client.loadTable(project.tables.sessionTable);
  return sessionsWritten(table?.metadata, processName);
}
