// Goal: files are put together, expired and removed, with the warehouse in an object store. Method: the suite
// that runs on disk, on moto.
import { afterAll } from 'vitest';
import { startObjectStore } from '../support/moto.ts';
import { putWorldsInto } from '../support/world.ts';

const store = await startObjectStore();
afterAll(() => store.close());
await putWorldsInto(store);
await import('./compact.whole.ts');
