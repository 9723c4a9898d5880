/**
 * DuckDB's own tests of Iceberg catalogs, against ours: `npm run test:duckdb-catalog -- PATH [--reference]
 * [--only TEXT,TEXT]`. PATH is a checkout of duckdb-iceberg; its sqllogictest files that suit any catalog are
 * read from there, none are kept here. `--reference` runs them against Apache Iceberg's REST catalog server
 * instead: what fails there too is not the catalog's doing, but comes from files that are newer than the
 * extension, or from object stores that neither has.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startCatalog } from '../../../src/catalog/index.ts';
import { freePort } from '../../support/free-port.ts';
import { startJava } from '../java/java.ts';
import type { Outcome } from './run-test-file.ts';
import type { Order } from './worker.ts';

const SUITE = 'test/sql/local/catalog_test_config_setup/catalog_agnostic';
const FILE_TIMEOUT_MS = 120_000;
const WORKERS = 2;

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { reference: { type: 'boolean', default: false }, only: { type: 'string', default: '' } },
});
const checkout = resolve(positionals[0] ?? '');
if (positionals[0] === undefined || !existsSync(join(checkout, SUITE))) {
  console.error(
    `usage: npm run test:duckdb-catalog -- PATH [--reference] [--only TEXT,TEXT]\nPATH must be a checkout of duckdb-iceberg: ${join(checkout, SUITE)} does not exist`,
  );
  process.exit(2);
}
const folder = mkdtempSync(join(tmpdir(), 'psyberg-duckdb-tests-'));
const files = readdirSync(join(checkout, SUITE), { recursive: true })
  .map(String)
  .filter((file) => file.endsWith('.test') && options.only.split(',').some((part) => file.includes(part)))
  .sort();

const outcomes = new Map<string, Outcome>();
const waiting = [...files];
await Promise.all(Array.from({ length: WORKERS }, work));
rmSync(folder, { recursive: true, force: true });

const count = (outcome: Outcome['outcome']): number =>
  [...outcomes.values()].filter((each) => each.outcome === outcome).length;
for (const [file, outcome] of [...outcomes].sort(([one], [other]) => (one < other ? -1 : 1)))
  if (outcome.outcome !== 'passed')
    console.log(`${outcome.outcome}: ${file}: ${outcome.reason.slice(0, 600)}`);
console.log(
  `${files.length} files: ${count('passed')} passed, ${count('failed')} failed, ${count('not run')} not run`,
);
process.exit(count('failed') === 0 ? 0 : 1);

/** Takes files until none is left, in a process that is replaced when a file ends it. */
async function work(): Promise<void> {
  // A catalog of its own: the files use the same names.
  const home = mkdtempSync(join(folder, 'catalog-'));
  const catalog = options.reference ? await serveReference(home) : await serveOurs(home);
  let worker: ChildProcess | undefined;
  for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
    const temporary = mkdtempSync(join(folder, 'file-'));
    worker ??= fork(join(import.meta.dirname, 'worker.ts'), { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
    const outcome = await runIn(worker, {
      file: join(checkout, SUITE, file),
      attach: catalog.attach,
      checkout,
      temporary,
    });
    outcomes.set(file, outcome);
    if (!worker.connected) worker = undefined;
    process.stderr.write(`\r${outcomes.size}/${files.length}`);
  }
  worker?.kill();
  await catalog.stop();
  process.stderr.write('\n');
}

function runIn(worker: ChildProcess, order: Order): Promise<Outcome> {
  return new Promise((done) => {
    const end = (outcome: Outcome): void => {
      clearTimeout(timer);
      worker.removeAllListeners();
      done(outcome);
    };
    const timer = setTimeout(() => {
      worker.disconnect();
      worker.kill('SIGKILL');
      end({ outcome: 'failed', reason: `no end after ${FILE_TIMEOUT_MS / 1000} s` });
    }, FILE_TIMEOUT_MS);
    worker.once('message', (outcome: Outcome) => end(outcome));
    worker.once('exit', (code, signal) =>
      end({ outcome: 'failed', reason: `DuckDB ended the process (${signal ?? code})` }),
    );
    worker.send(order);
  });
}

interface Served {
  readonly attach: readonly string[];
  readonly stop: () => unknown;
}

async function serveOurs(home: string): Promise<Served> {
  const { uri, token, close } = await startCatalog({ warehouse: join(home, 'warehouse') });
  return {
    attach: [
      `attach 'psyberg' as my_datalake (type iceberg, endpoint '${uri}', token '${token}')`,
      'create schema if not exists my_datalake.default',
    ],
    stop: close,
  };
}

async function serveReference(home: string): Promise<Served> {
  const port = await freePort();
  const child = await startJava({
    mainClass: 'org.apache.iceberg.rest.RESTCatalogServer',
    environment: {
      CATALOG_REST_PORT: String(port),
      CATALOG_WAREHOUSE: join(home, 'warehouse'),
      CATALOG_URI: `jdbc:sqlite:${join(home, 'reference.db')}`,
    },
  });
  const uri = `http://127.0.0.1:${port}`;
  while (
    !(await fetch(`${uri}/v1/config`).then(
      (reply) => reply.ok,
      () => false,
    ))
  ) {
    if (child.exitCode !== null) throw new Error("Apache Iceberg's REST catalog server did not start");
    await sleep(100);
  }
  return {
    attach: [
      `attach '' as my_datalake (type iceberg, endpoint '${uri}', authorization_type 'none')`,
      'create schema if not exists my_datalake.default',
    ],
    stop: () => {
      child.kill('SIGTERM');
      return new Promise((done) => child.once('close', done));
    },
  };
}
