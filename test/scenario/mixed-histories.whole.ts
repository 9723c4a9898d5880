// Goal: in a project of several patterns whatever happens to sources, targets, clocks, SQL and sessions, every target
// is its SQL over whole tables for the hours that are complete and not owed. Method: random histories over a chain of
// all patterns (stateless -> stateless; stateful of two sources -> dimension and days), with sessions that fail,
// rollbacks of targets, restates, corrected SQL, and sources whose completeness a query tells; compared with plain SQL.
// PSYBERG_PROPERTY_RUNS, _MINUTES, _SEED, _PATH and _REPORT as in support/histories.ts.
import { it } from 'vitest';
import { histories } from '../support/histories.ts';
import { history } from '../support/mixed/history.ts';
import { playMixed } from '../support/mixed/play.ts';

const { cover, play, timeLimitMs } = histories({ runs: 2, timeLimitMs: (runs) => 60_000 + runs * 30_000 });

it('a chain of all patterns equals its SQL over whole tables', { timeout: timeLimitMs + 120_000 }, () =>
  play(history, (each) => playMixed(each, cover)),
);
