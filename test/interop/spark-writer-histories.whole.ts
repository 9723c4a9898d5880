// Goal: whatever Spark SQL does to sources and lookups, every target is its SQL over whole tables. Method: random
// histories of statements, some of PyIceberg between; after each session each target is compared with plain SQL over
// the rows that Spark reads. PSYBERG_PROPERTY_RUNS, _MINUTES, _SEED, _PATH and _REPORT as in support/histories.ts.
import { afterAll, beforeAll, describe, it } from 'vitest';
import { histories } from '../support/histories.ts';
import { missingJava } from './java/java.ts';
import { historyOf } from './pyiceberg/history.ts';
import { playPyIceberg } from './pyiceberg/play.ts';
import { type PyIceberg, startPyIceberg } from './pyiceberg/source-writer.ts';
import { sparkOperations } from './pyiceberg/spark-operations.ts';
import { sharedSpark } from './spark/shared.ts';

const missing = await missingJava();
const { cover, play, timeLimitMs } = histories({ runs: 2, timeLimitMs: () => 180_000, shrinksByPath: true });

let python: PyIceberg;
beforeAll(async () => {
  if (missing !== undefined) return;
  await sharedSpark();
  python = await startPyIceberg();
}, 600_000);
afterAll(() => python?.close());

describe.skipIf(missing !== undefined)('histories', () => {
  it('of what Spark writes are followed exactly', { timeout: timeLimitMs + 240_000 }, async () => {
    const history = historyOf(sparkOperations, ['1', '2', '2', '3', '3'], {
      kind: 's-sql',
      statements: ['insert into {t} by name {rows}'],
    });
    await play(history, (each) => playPyIceberg(each, python, cover, true));
  });
});
