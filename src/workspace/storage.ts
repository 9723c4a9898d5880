/**
 * Says how the files of a project's tables are reached. ProjectSpec -> settings, and the store that they
 * open.
 */
import { credentialChain } from '../aws/credential-chain.ts';
import { LOCAL_MARKERS, type SharedMarkers, storeMarkers } from '../markers/shared-markers.ts';
import type { CatalogSpec, ProjectSpec } from '../model/process-spec.ts';
import type { StorageSettings, StorageSource } from '../model/storage-settings.ts';
import { withEnvironment } from '../objects/endpoint.ts';
import { objectLocation } from '../objects/location.ts';
import { mountStore } from '../objects/mounts.ts';
import { storeOnDemand } from '../objects/store-on-demand.ts';
import { sessionsDirectory } from './folders.ts';

/**
 * What psyberg.yaml says of files, with the keys of this machine where it wants them; of a warehouse in an
 * object store completed by the environment, since nobody else says how that is reached. Undefined where
 * nothing is said.
 */
export function storageOfFiles(catalog: CatalogSpec): StorageSource | undefined {
  const { storage, storageChain } = catalog;
  if (storageChain !== undefined)
    return async () => ({ ...(await credentialChain(storageChain).settings()), ...storage });
  const isInStore = catalog.kind !== 'rest' && objectLocation(catalog.warehouse) !== undefined;
  const settings: StorageSettings | undefined = isInStore ? withEnvironment(storage, process.env) : storage;
  return settings === undefined ? undefined : () => settings;
}

/** How any store is reached by this project, also one that psyberg.yaml does not name. */
export const storageOfStores = (catalog: CatalogSpec): StorageSource =>
  catalog.storageChain === undefined
    ? () => withEnvironment(catalog.storage, process.env)
    : (storageOfFiles(catalog) as StorageSource);

/** Has files of the warehouse found and deleted, where it is in an object store, until that is undone. */
export function mountWarehouse({ catalog }: Pick<ProjectSpec, 'catalog'>): () => void {
  const scheme = storeScheme(catalog);
  if (scheme === undefined) return () => undefined;
  return mountStore(`${scheme}://`, storeOnDemand(storageOfFiles(catalog) ?? (() => ({}))));
}

/**
 * The markers of sessions. Where several machines share a warehouse in an object store, they are there,
 * too.
 */
export function markersOf(project: ProjectSpec): SharedMarkers {
  const { catalog } = project;
  if (catalog.kind !== 'embedded-database' || storeScheme(catalog) === undefined) return LOCAL_MARKERS;
  return storeMarkers(storeOnDemand(storageOfFiles(catalog) ?? (() => ({}))), {
    place: `${catalog.warehouse}/.psyberg/sessions`,
    folder: sessionsDirectory(project),
  });
}

const storeScheme = (catalog: CatalogSpec): string | undefined =>
  catalog.kind === 'rest' ? undefined : objectLocation(catalog.warehouse)?.scheme;
