/**
 * `npm run bench [-- NAME…]`: what a session costs beside what plain DuckDB costs for the same rows, in one
 * run on one machine. Prints medians with the machine's name; nothing here is a test. Names: append, small,
 * cold, hourly, memory, growth, overwrite, rebase, planning, check, catalog, tests, files.
 */
import os from 'node:os';
import { appendBench } from './append.ts';
import { catalogBench } from './catalog.ts';
import { checkBench } from './check.ts';
import { coldBench } from './cold.ts';
import { filesBench } from './files.ts';
import { growthBench } from './growth.ts';
import { hourlyBench } from './hourly.ts';
import { memoryBench } from './memory.ts';
import { overwriteBench } from './overwrite.ts';
import { planningBench } from './planning.ts';
import { rebaseBench } from './rebase.ts';
import { smallBench } from './small.ts';
import { testsBench } from './tests.ts';

const BENCHES: Readonly<Record<string, () => Promise<string[]>>> = {
  append: appendBench,
  small: smallBench,
  cold: coldBench,
  hourly: hourlyBench,
  memory: memoryBench,
  growth: growthBench,
  overwrite: overwriteBench,
  rebase: rebaseBench,
  planning: planningBench,
  check: checkBench,
  catalog: catalogBench,
  tests: testsBench,
  files: filesBench,
};

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !(name in BENCHES));
if (unknown.length > 0) {
  console.error(
    `error: there is no benchmark ${unknown.join(', ')}; there are ${Object.keys(BENCHES).join(', ')}`,
  );
  process.exit(2);
}
const [cpu] = os.cpus();
console.log(
  `${cpu?.model.trim()}, ${os.cpus().length} cores, ${Math.round(os.totalmem() / 2 ** 30)} GiB, ${os.type()} ${os.arch()}, Node ${process.versions.node}, ${new Date().toISOString().slice(0, 10)}`,
);
for (const [name, bench] of Object.entries(BENCHES)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  console.log(`\n${name}`);
  for (const line of await bench()) console.log(`  ${line}`);
}
