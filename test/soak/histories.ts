/**
 * `npm run soak -- --minutes 30 [--seed N] [--of windows]`: random histories of sources and sessions for a given time, each
 * compared with a full rebuild. Prints how many were tried and what they covered; a counterexample is printed
 * shrunk, with the seed that finds it again.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string' },
    of: { type: 'string', default: 'sources' },
    help: { type: 'boolean', default: false },
  },
});
/** What the histories are of. */
const FILES: Readonly<Record<string, string>> = {
  sources: 'test/scenario/histories.whole.ts',
  windows: 'test/scenario/window-histories.whole.ts',
  lookups: 'test/scenario/lookup-histories.whole.ts',
  restates: 'test/scenario/restate-histories.whole.ts',
  days: 'test/scenario/day-histories.whole.ts',
  dimensions: 'test/scenario/dimension-histories.whole.ts',
  mixed: 'test/scenario/mixed-histories.whole.ts',
  together: 'test/scenario/together-histories.whole.ts',
  queries: 'test/scenario/query-histories.whole.ts',
  many: 'test/scenario/many-histories.whole.ts',
  adopted: 'test/scenario/adopt-histories.whole.ts',
  pyiceberg: 'test/interop/pyiceberg-histories.whole.ts',
  spark: 'test/interop/spark-writer-histories.whole.ts',
  evolution: 'test/scenario/evolution-histories.whole.ts',
};
const minutes = Number(values.minutes);
const file = FILES[values.of];
if (values.help || !(minutes > 0) || file === undefined) {
  console.log(
    'npm run soak -- [--minutes 10] [--seed N] [--of sources|windows|lookups|restates|days|dimensions|mixed|together|queries|many|evolution]\n\nRandom histories of sources and sessions, each compared with a full rebuild. Prints how many, and what they covered.',
  );
  process.exit(values.help ? 0 : 2);
}

const folder = mkdtempSync(join(tmpdir(), 'psyberg-soak-'));
const report = join(folder, 'report.json');
const environment = {
  ...process.env,
  PSYBERG_PROPERTY_MINUTES: String(minutes),
  PSYBERG_PROPERTY_REPORT: report,
  PSYBERG_PROPERTY_SEED: values.seed ?? 'random',
};
const run = spawn('npx', ['vitest', 'run', '--config', 'vitest.whole.config.ts', file], {
  stdio: 'inherit',
  env: environment,
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => run.kill(signal));
run.on('close', (code) => {
  if (existsSync(report)) printCoverage(JSON.parse(readFileSync(report, 'utf8')));
  rmSync(folder, { recursive: true, force: true });
  process.exitCode = code ?? 1;
});

function printCoverage({
  histories,
  covered,
}: {
  readonly histories: number;
  readonly covered: Readonly<Record<string, number>>;
}): void {
  console.log(`\n${histories} histories in ${minutes} minutes covered:`);
  for (const [what, count] of Object.entries(covered)) console.log(`${String(count).padStart(7)}  ${what}`);
}
