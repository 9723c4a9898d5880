/**
 * `npm run soak:crash [-- KILLS [MINUTES]]`: sessions, and maintenance, killed at every step and commit and
 * at random moments, then writers and readers in processes of their own, in larger numbers than
 * `npm run test:whole` has time for. Default: 220 kills, at most 240 minutes each.
 */
import { spawnSync } from 'node:child_process';

const [kills = '220', minutes = '240'] = process.argv.slice(2);
if (!/^\d+$/.test(kills) || !/^\d+$/.test(minutes)) {
  console.error(
    `error: expected numbers, found ${process.argv.slice(2).join(' ')}; for example: npm run soak:crash -- 220 60`,
  );
  process.exit(2);
}
const tests = [
  ...['crash', 'contention', 'writers'].map((name) => `test/scenario/${name}.whole.ts`),
  'test/maintain/crash.whole.ts',
];
const { status } = spawnSync(
  process.execPath,
  [
    'node_modules/vitest/vitest.mjs',
    'run',
    '--config',
    'vitest.whole.config.ts',
    ...tests,
    '--no-file-parallelism',
  ],
  {
    stdio: 'inherit',
    env: {
      ...process.env,
      PSYBERG_CRASH_KILLS: kills,
      PSYBERG_SOAK_MINUTES: minutes,
      PSYBERG_SOAK_WRITERS: '8',
    },
  },
);
process.exit(status ?? 1);
