/**
 * `npm run soak -- --minutes 30 [--seed N]`: random histories of sources and sessions for a given time, each
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
    help: { type: 'boolean', default: false },
  },
});
const minutes = Number(values.minutes);
if (values.help || !(minutes > 0)) {
  console.log(
    'npm run soak -- [--minutes 10] [--seed N]\n\nRandom histories of sources and sessions, each compared with a full rebuild. Prints how many, and what they covered.',
  );
  process.exit(values.help ? 0 : 2);
}

const folder = mkdtempSync(join(tmpdir(), 'psyberg-soak-'));
const report = join(folder, 'report.json');
const environment = {
  ...process.env,
  PSYBERG_PROPERTY_MINUTES: String(minutes),
  PSYBERG_PROPERTY_REPORT: report,
  ...(values.seed === undefined ? {} : { PSYBERG_PROPERTY_SEED: values.seed }),
};
const run = spawn(
  'npx',
  ['vitest', 'run', '--config', 'vitest.whole.config.ts', 'test/scenario/histories.whole.ts'],
  {
    stdio: 'inherit',
    env: environment,
  },
);
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
