/** Where a project keeps what belongs to no table. ProjectSpec -> paths. */
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ProjectSpec } from '../model/process-spec.ts';
import { sessionOfName } from '../model/session-branch.ts';

/**
 * Folder of the markers of running sessions. Beside the tables, so that whoever shares the warehouse sees who
 * is at work; a foreign catalog's tables may lie out of reach.
 */
export const sessionsDirectory = ({ catalog, root }: ProjectSpec): string =>
  join(catalog.kind === 'rest' ? root : catalog.warehouse, '.psyberg', 'sessions');

/** File of the rewrites that were compared and found to change no row. */
export const verifiedRewritesFile = (project: ProjectSpec): string =>
  join(dirname(sessionsDirectory(project)), 'verified-rewrites.json');

/** Folder of copies of manifests that DuckDB cannot read under their names. */
export const readableManifests = (project: ProjectSpec): string =>
  join(dirname(sessionsDirectory(project)), 'readable-manifests');

/** Whether some session of the process has left its folder there. */
export function hasSessionFolder(directory: string, processName: string): boolean {
  return (
    existsSync(directory) &&
    readdirSync(directory).some((name) => sessionOfName(name)?.processName === processName)
  );
}
