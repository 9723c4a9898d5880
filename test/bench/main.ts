/**
 * `npm run bench [-- NAME…]`: what a session costs beside what plain DuckDB costs for the same rows, in one
 * run on one machine. Prints medians with the machine's name; nothing here is a test. Names: append, small,
 * cold, many, hourly, memory, growth, overwrite, restate, rebase, planning, check, catalog, tests, files,
 * catchup, plan-many, status-many, jobs, late-dimension, overwrite-join, many-files, long-run, store,
 * store-many; spark by its name alone, since it needs Java, Maven and Python, with --rows N for so many rows
 * in place of 1,000 and 100,000. `npm run bench -- compare REV`:
 * the cold commands beside those of another revision.
 */
import os from 'node:os';
import { parseArgs } from 'node:util';
import { appendBench } from './append.ts';
import { catalogBench } from './catalog.ts';
import { catchupBench } from './catchup.ts';
import { checkBench } from './check.ts';
import { coldBench } from './cold.ts';
import { compareWith } from './compare.ts';
import { filesBench } from './files.ts';
import { growthBench } from './growth.ts';
import { hourlyBench } from './hourly.ts';
import { jobsBench } from './jobs.ts';
import { lateDimensionBench } from './late-dimension.ts';
import { longRunBench } from './long-run.ts';
import { manyBench } from './many.ts';
import { manyFilesBench } from './many-files.ts';
import { memoryBench } from './memory.ts';
import { overwriteBench } from './overwrite.ts';
import { overwriteJoinBench } from './overwrite-join.ts';
import { planManyBench } from './plan-many.ts';
import { planningBench } from './planning.ts';
import { rebaseBench } from './rebase.ts';
import { restateBench } from './restate.ts';
import { smallBench } from './small.ts';
import { sparkBench, sparkSizes } from './spark.ts';
import { statusManyBench } from './status-many.ts';
import { storeBench } from './store.ts';
import { storeManyBench } from './store-many.ts';
import { testsBench } from './tests.ts';

const BENCHES: Readonly<Record<string, () => Promise<string[]>>> = {
  append: appendBench,
  small: smallBench,
  cold: () => coldBench(),
  many: manyBench,
  hourly: hourlyBench,
  memory: memoryBench,
  growth: growthBench,
  overwrite: overwriteBench,
  restate: restateBench,
  rebase: rebaseBench,
  planning: planningBench,
  check: checkBench,
  catalog: catalogBench,
  tests: testsBench,
  files: filesBench,
  catchup: catchupBench,
  'plan-many': planManyBench,
  'status-many': statusManyBench,
  jobs: jobsBench,
  'late-dimension': lateDimensionBench,
  'overwrite-join': overwriteJoinBench,
  'many-files': manyFilesBench,
  'long-run': longRunBench,
  store: storeBench,
  'store-many': storeManyBench,
};

const { values: options, positionals: named } = parseArgs({
  options: { rows: { type: 'string', multiple: true } },
  allowPositionals: true,
});
const rowsAsked = (options.rows ?? []).map(Number);
if (rowsAsked.some((rows) => !Number.isInteger(rows) || rows < 1)) fail('--rows takes a number of rows');
if (rowsAsked.length > 0 && !named.includes('spark')) fail('--rows is for npm run bench -- spark');

/** Only where they are asked for: they need more than this project installs. */
const ASKED_FOR: typeof BENCHES = { spark: () => sparkBench(sparkSizes(rowsAsked)) };

const [first, revision, ...more] = named;
if (first === 'compare') {
  if (revision === undefined || more.length > 0) fail('npm run bench -- compare takes one revision');
  printMachine();
  for (const line of await compareWith(revision)) console.log(`  ${line}`);
} else await run(named);

async function run(wanted: readonly string[]): Promise<void> {
  const known = { ...BENCHES, ...ASKED_FOR };
  const unknown = wanted.filter((name) => !(name in known));
  if (unknown.length > 0)
    fail(`there is no benchmark ${unknown.join(', ')}; there are ${Object.keys(known).join(', ')}`);
  printMachine();
  for (const [name, bench] of Object.entries(wanted.length === 0 ? BENCHES : known)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    console.log(`\n${name}`);
    for (const line of await bench()) console.log(`  ${line}`);
  }
}

function fail(message: string): never {
  console.error(`error: ${message}`);
  process.exit(2);
}

function printMachine(): void {
  const [cpu] = os.cpus();
  console.log(
    `${cpu?.model.trim()}, ${os.cpus().length} cores, ${Math.round(os.totalmem() / 2 ** 30)} GiB, ${os.type()} ${os.arch()}, Node ${process.versions.node}, ${new Date().toISOString().slice(0, 10)}`,
  );
}
