/** The error of the engine that reads a file of a store, in a process of its own: settings + place -> JSON. */
import { openEngine } from '../../src/engine/index.ts';

const [settings = '{}', place = ''] = process.argv.slice(2);
const engine = await openEngine();
await engine.useStorage(async () => [{ scope: 's3://', config: JSON.parse(settings) }]);
const error = await engine
  .query({ sql: 'select size from read_text($place)', parameters: { place } })
  .then(() => null)
  .catch((thrown: unknown) => thrown);
engine.close();
process.stdout.write(`${JSON.stringify(error)}\n`);
