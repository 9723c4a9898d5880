/**
 * Loads the client of a store with the first request, so that commands over local files do not pay for it.
 */
import { isInAzure } from '../model/azure-access.ts';
import { hasS3Keys, type StorageSettings, type StorageSource } from '../model/storage-settings.ts';
import { opensInAzure } from './azure-requests.ts';
import { isInStore } from './location.ts';
import type { ObjectStore } from './object-store.ts';

/** `settings`: called for each request, as keys may be renewed. */
export const storeOnDemand = (settings: StorageSource): ObjectStore =>
  opened(async () => (await import('./object-store.ts')).objectStore(settings));

/** The store in which a place lies, of whatever kind. */
export const storeAt = (place: string, settings: StorageSource): ObjectStore =>
  isInAzure(place)
    ? opened(async () => (await import('./azure-store.ts')).azureStore(settings))
    : storeOnDemand(settings);

/** True if the settings contain what psyberg's own requests to a store need. */
export const opensStore = (place: string, settings: StorageSettings): boolean =>
  isInAzure(place) ? opensInAzure(place, settings) : isInStore(place) && hasS3Keys(settings);

function opened(open: () => Promise<ObjectStore>): ObjectStore {
  let opening: Promise<ObjectStore> | undefined;
  const store = (): Promise<ObjectStore> => {
    opening ??= open();
    return opening;
  };
  return {
    read: async (location) => (await store()).read(location),
    exists: async (location) => (await store()).exists(location),
    writeNew: async (location, content) => (await store()).writeNew(location, content),
    list: async (prefix) => (await store()).list(prefix),
    checksum: async (location) => (await store()).checksum(location),
    upload: async (path, location, md5) => (await store()).upload(path, location, md5),
    download: async (location, path) => (await store()).download(location, path),
    remove: async (locations) => (await store()).remove(locations),
  };
}
