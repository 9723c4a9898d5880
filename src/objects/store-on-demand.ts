/** A store whose client is loaded by the first request: commands over local files pay nothing for it. */
import type { StorageSettings } from '../model/storage-settings.ts';
import type { ObjectStore } from './object-store.ts';

/** `settings`: asked for each request, as keys may be renewed. */
export function storeOnDemand(settings: () => StorageSettings | Promise<StorageSettings>): ObjectStore {
  let opening: Promise<ObjectStore> | undefined;
  const store = (): Promise<ObjectStore> => {
    opening ??= import('./object-store.ts').then(({ objectStore }) => objectStore(settings));
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
