// Goal: a process with a window, a restated lookup, catch-up and days at once is its SQL over whole tables, whatever
// comes between: restates, retired, renamed and rolled targets, orchestrated sessions. Method: random histories, compared
// with plain SQL and with verify. PSYBERG_PROPERTY_RUNS, _MINUTES, _SEED, _PATH and _REPORT as in support/histories.ts.
import { it } from 'vitest';
import { histories } from '../support/histories.ts';
import { history } from '../support/together/history.ts';
import { playTogether } from '../support/together/play.ts';

const { cover, play, timeLimitMs } = histories({
  runs: 4,
  timeLimitMs: (runs) => 60_000 + runs * 15_000,
  shrinksByPath: true,
});

it(
  'a process with everything at once equals its SQL over whole tables',
  {
    timeout: timeLimitMs + 120_000,
  },
  () => play(history, (each) => playTogether(each, cover)),
);
