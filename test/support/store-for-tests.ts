/** The object store of a test file: a name of a bucket -> a store that runs while its tests do. */
import { afterAll, beforeAll } from 'vitest';
import { type ObjectStore, startObjectStore } from './moto.ts';

/** moto is installed where it is not there yet. */
const INSTALL_MS = 300_000;

/** A store with one bucket, for the tests of the file or of the `describe` in which it is called. */
export function storeForTests(bucket: string): ObjectStore {
  let started: ObjectStore | undefined;
  const store = (): ObjectStore => started as ObjectStore;
  beforeAll(async () => {
    started = await startObjectStore();
    await started.makeBucket(bucket);
  }, INSTALL_MS);
  afterAll(() => started?.close());
  return {
    get endpoint() {
      return store().endpoint;
    },
    get settings() {
      return store().settings;
    },
    makeBucket: (name) => store().makeBucket(name),
    put: (...object) => store().put(...object),
    list: (...keys) => store().list(...keys),
    close: () => store().close(),
  };
}
