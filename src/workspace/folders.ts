/** Says where a project keeps files that belong to no table. ProjectSpec -> paths. */
import { dirname, join } from 'node:path';
import type { ProjectSpec } from '../model/process-spec.ts';
import { isInStore } from '../objects/location.ts';

/**
 * Folder of the markers of running sessions. Beside the tables, so that whoever shares the warehouse sees
 * who is at work; where those lie out of reach, beside their pointers or psyberg.yaml.
 */
export const sessionsDirectory = (project: ProjectSpec): string => join(ownFolder(project), 'sessions');

function ownFolder({ catalog, root }: ProjectSpec): string {
  if (catalog.kind !== 'rest' && !isInStore(catalog.warehouse)) return join(catalog.warehouse, '.psyberg');
  const state = catalog.kind === 'embedded' ? catalog.state : undefined;
  return state ?? join(root, '.psyberg');
}

/** False where machines share the tables, and each has the markers of its own sessions. */
export const seesAllMarkers = ({ catalog }: ProjectSpec): boolean =>
  catalog.kind === 'embedded' || (catalog.kind === 'embedded-database' && !isInStore(catalog.warehouse));

/** The database that holds the pointers; undefined where it is no file. */
export const pointersFile = ({ catalog }: Pick<ProjectSpec, 'catalog'>): string | undefined =>
  catalog.kind === 'embedded' ? join(catalog.state ?? catalog.warehouse, 'catalog.db') : undefined;

/** File of the rewrites that were compared and found to change no row. */
export const verifiedRewritesFile = (project: ProjectSpec): string =>
  join(dirname(sessionsDirectory(project)), 'verified-rewrites.json');

/** Folder of the branches of sessions in front of a foreign catalog. */
export const heldBranches = (project: ProjectSpec): string =>
  join(dirname(sessionsDirectory(project)), 'branches');

/** Folder of copies of the metadata files of tables, where these lie in an object store. */
export const metadataCopies = (project: ProjectSpec): string =>
  join(dirname(sessionsDirectory(project)), 'metadata');

/** Folder of copies of the manifests and manifest lists that were written to an object store. */
export const manifestCopies = (project: ProjectSpec): string =>
  join(dirname(sessionsDirectory(project)), 'manifests');

/** Folder of copies of manifests that DuckDB cannot read under their names. */
export const readableManifests = (project: ProjectSpec): string =>
  join(dirname(sessionsDirectory(project)), 'readable-manifests');
