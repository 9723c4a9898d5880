// Goal: whatever PyIceberg does to sources and lookups, through REST or on the catalog's database, every target is its
// SQL over whole tables. Method: random histories; after each session each target is compared with plain SQL over the
// rows that PyIceberg itself reads. PSYBERG_PROPERTY_RUNS, _MINUTES, _SEED, _PATH and _REPORT as in
// support/histories.ts; with _KEEP the projects stay.
import { afterAll, beforeAll, it } from 'vitest';
import { histories } from '../support/histories.ts';
import { history } from './pyiceberg/history.ts';
import { playPyIceberg } from './pyiceberg/play.ts';
import { type PyIceberg, startPyIceberg } from './pyiceberg/source-writer.ts';

const { cover, play, timeLimitMs } = histories({
  runs: 4,
  timeLimitMs: (runs) => 60_000 + runs * 15_000,
  shrinksByPath: true,
});

let python: PyIceberg;
beforeAll(async () => {
  python = await startPyIceberg();
}, 600_000);
afterAll(() => python?.close());

it('what PyIceberg writes is followed exactly', { timeout: timeLimitMs + 120_000 }, async () => {
  await play(history, (each) => playPyIceberg(each, python, cover));
});
