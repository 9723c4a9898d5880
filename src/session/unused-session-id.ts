/**
 * The id of a session that begins now: the second, or the first one after it that no session of the process
 * has. Second + what metadata tell of its sessions -> id.
 */
import type { CatalogClient } from '../catalog/client/catalog-client.ts';
import { hasSessionFolder } from '../markers/session-folders.ts';
import type { ProcessSpec, ProjectSpec } from '../model/process-spec.ts';
import { freeSessionId } from '../model/session-id.ts';
import { laterThanPublished, sessionsWritten } from '../state/sessions-written.ts';

/** Where sessions leave traces: in tables and in folders. */
interface SessionsRoom {
  readonly client: CatalogClient;
  readonly project: ProjectSpec;
  readonly sessionsDirectory: string;
}

/**
 * Later than every published session; not the id of one that failed in the same second, whatever command that
 * was; and not that of a folder that exists.
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
 * The id of a plan that was made before, whose folder may be its own already. Another id if a session has
 * been recorded under it since, and never that of another session's folder.
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
