// Goal: whatever commands of one project run at the same time, on two machines whose clocks differ, while others
// write to sources and targets, and wherever they are killed, paused, or asleep for a day: afterwards every target
// is its SQL over whole tables. Method: random histories of commands in processes of their own; after each round
// one run more, compared with plain SQL.
// PSYBERG_PROPERTY_RUNS, _MINUTES, _SEED, _PATH and _REPORT as in support/histories.ts; with _KEEP the project of a
// history stays, and _MAIN names another build's dist/cli/main.js. What a seed repeats is the plan of a history: when
// a command is struck, and who is first, differs.
import { it } from 'vitest';
import { histories } from '../support/histories.ts';
import { history } from '../support/many/history.ts';
import { playMany } from '../support/many/play.ts';

const { cover, play, timeLimitMs } = histories({
  runs: 1,
  timeLimitMs: (runs) => 60_000 + runs * 60_000,
  shrinksByPath: true,
});

it('commands beside each other leave every target equal to a full rebuild', {
  timeout: timeLimitMs + 300_000,
}, async () => {
  await play(history, (each) => playMany(each, cover));
});
