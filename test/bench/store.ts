/**
 * Sessions over tables in an object store that answers as late as one elsewhere: requests, connections and
 * seconds of whole commands, beside their limits. The embedded catalog with its warehouse there, and in front
 * of a foreign catalog whose tables are there. `PSYBERG_BENCH_REQUESTS=FILE`: each request, one a line.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { readProject } from '../../src/project/read-project.ts';
import { startProjectCatalog } from '../../src/workspace/project-catalog.ts';
import { type DelayedProxy, type ProxiedRequest, startDelayedProxy } from '../support/delayed-proxy.ts';
import { type ObjectStore, startObjectStore } from '../support/moto.ts';
import { open } from '../support/open-project.ts';
import { THIS_CLONE } from './cold.ts';
import { ms, timingOf } from './measure.ts';

/** Of an answer: a store in the same country. */
const DELAY_MS = 30;
const LOADED_HOURS = 12;
const ROWS_LOADED = 1500;
const ROWS_NEW = 100;
/** Each an hour newer than the last, so that the tables of the rounds are as good as equal. */
const ROUNDS = 3;

interface Limits {
  readonly requests: number;
  readonly connections?: number;
  /** Of the catalog, where it is foreign. */
  readonly catalogRequests: number;
  readonly seconds: number;
}
interface BenchProcess {
  readonly name: string;
  readonly pattern: string;
  readonly text: string;
  readonly limits: Limits;
}

const processText = (header: string, sql: string): string => `/*---\n${header}\n---*/\n${sql}\n`;

const PROCESSES: readonly BenchProcess[] = [
  {
    name: 'event_load',
    pattern: 'stateless',
    text: processText(
      `process_name: event_load
pattern: stateless
sources: [{ table: raw.events, event_time: ts }]
target: { table: facts.event_fact, event_time: ts, partition_by: [hour(ts)] }
audits: [source_to_target_count]`,
      'select id, entity, ts from events',
    ),
    limits: { requests: 40, connections: 4, catalogRequests: 12, seconds: 2 },
  },
  {
    name: 'count_load',
    pattern: 'stateful',
    text: processText(
      `process_name: count_load
pattern: stateful
sources: [{ table: facts.event_fact, event_time: ts, vtts: { from: signal } }]
target: { table: facts.count_fact, event_time: hour_ts, partition_by: [hour(hour_ts)] }
audits: [{ unique: { columns: [hour_ts, entity] } }]`,
      "select date_trunc('hour', ts) as hour_ts, entity, count(*) as events from event_fact group by all",
    ),
    limits: { requests: 80, catalogRequests: 12, seconds: 3 },
  },
  {
    name: 'state_load',
    pattern: 'dimension',
    text: processText(
      `process_name: state_load
pattern: dimension
sources: [{ table: facts.count_fact, event_time: hour_ts }]
target: { table: dims.entity_state, event_time: state_hour, partition_by: [hour(state_hour)] }`,
      `select $range_start::timestamptz as state_hour, entity, sum(events)::bigint as events from (
  select entity, events from previous union all select entity, events from count_fact
) group by all`,
    ),
    limits: { requests: 80, catalogRequests: 12, seconds: 3 },
  },
];

/** A plan with nothing new asks the store for nothing, and a foreign catalog once a table and for itself. */
const NOTHING_NEW: Limits = { requests: 0, connections: 0, catalogRequests: 5, seconds: 1 };

interface StoreProject {
  readonly root: string;
  readonly proxies: { readonly store: DelayedProxy; readonly catalog: DelayedProxy | undefined };
  close(): Promise<void>;
}

export async function storeBench(): Promise<string[]> {
  const store = await startObjectStore();
  try {
    await store.makeBucket('lake');
    const lines = [`a store that answers after ${DELAY_MS} ms, ${ROWS_NEW} new rows in 3 of 13 hours`];
    for (const [title, make] of [
      ['embedded catalog, its warehouse in the store', embedded],
      ['foreign catalog, as late as the store', foreign],
    ] as const) {
      const project = await make(store);
      try {
        lines.push(title, ...(await measuredOn(project)).map((line) => `  ${line}`));
      } finally {
        await project.close();
      }
    }
    return lines;
  } finally {
    await store.close();
  }
}

async function embedded(store: ObjectStore): Promise<StoreProject> {
  const proxy = await startDelayedProxy(store.endpoint);
  const root = projectFolder({
    warehouse: 's3://lake/embedded',
    state: '.psyberg',
    storage: { ...store.settings, 's3.endpoint': proxy.uri },
  });
  return {
    root,
    proxies: { store: proxy, catalog: undefined },
    async close() {
      await proxy.close();
      fs.rmSync(root, { recursive: true, force: true });
    },
  };
}

/** Another project's catalog, served: it reaches its own files past the proxy. */
async function foreign(store: ObjectStore): Promise<StoreProject> {
  const proxy = await startDelayedProxy(store.endpoint);
  const served = projectFolder({
    warehouse: 's3://lake/foreign',
    state: '.psyberg',
    storage: store.settings,
  });
  const server = await startProjectCatalog(readProject({ root: served }));
  const catalog = await startDelayedProxy(server.uri);
  const root = projectFolder({
    uri: catalog.uri,
    token: server.token,
    storage: { ...store.settings, 's3.endpoint': proxy.uri },
  });
  return {
    root,
    proxies: { store: proxy, catalog },
    async close() {
      await Promise.all([proxy.close(), catalog.close()]);
      await server.close();
      for (const folder of [root, served]) fs.rmSync(folder, { recursive: true, force: true });
    },
  };
}

function projectFolder(catalog: Readonly<Record<string, unknown>>): string {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'psyberg-bench-'));
  fs.mkdirSync(path.join(root, 'processes'));
  fs.writeFileSync(path.join(root, 'psyberg.yaml'), `name: bench\ncatalog: ${JSON.stringify(catalog)}\n`);
  for (const { name, text } of PROCESSES) fs.writeFileSync(path.join(root, 'processes', `${name}.sql`), text);
  return root;
}

async function measuredOn(project: StoreProject): Promise<string[]> {
  await load(project);
  const measured = PROCESSES.map((): Taken[] => []);
  const nothing: Taken[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const newest = LOADED_HOURS + round;
    const hours = `[0, ${Math.floor(LOADED_HOURS / 2)}, ${newest}][i % 3 + 1]`;
    await land(project, ROWS_LOADED + round * ROWS_NEW, ROWS_NEW, hours);
    for (const [at, { name, pattern }] of PROCESSES.entries())
      measured[at]?.push(await taken(project, `${pattern} ${round}`, ['run', name], '"published"'));
    nothing.push(await taken(project, `nothing ${round}`, ['plan', 'event_load'], '"nothing-new"'));
  }
  return [
    ...PROCESSES.map(({ pattern, limits }, at) => line(`run, ${pattern}`, measured[at] as Taken[], limits)),
    line('plan, nothing new', nothing, NOTHING_NEW),
  ];
}

/** Lands and loads the first rows, without delay. */
async function load({ root }: StoreProject): Promise<void> {
  const psyberg = await open({ project: root });
  try {
    await psyberg.sql('create schema raw');
    await psyberg.sql(
      "create table raw.events (id bigint, entity bigint, ts timestamptz) partitioned by (hour(ts)) with ('format-version' = '2')",
    );
    await psyberg.sql(insertion(0, ROWS_LOADED, `i % ${LOADED_HOURS}`));
    for (const { status, error } of await psyberg.run())
      if (status !== 'published') throw new Error(`a first session is ${status}: ${error?.message}`);
  } finally {
    await psyberg.close();
  }
}

async function land({ root }: StoreProject, first: number, rows: number, hour: string): Promise<void> {
  const psyberg = await open({ project: root });
  try {
    await psyberg.sql(insertion(first, rows, hour));
  } finally {
    await psyberg.close();
  }
}

const insertion = (first: number, rows: number, hour: string): string =>
  `insert into raw.events select i, i % 20, timestamptz '2023-09-14' + to_hours((${hour})::int) + to_seconds(i % 3600) from range(${first}, ${first + rows}) as t(i)`;

interface Taken {
  readonly store: readonly ProxiedRequest[];
  readonly catalog: readonly ProxiedRequest[];
  readonly wallMs: number;
}

/** Runs a command in a process of its own, with the delay. Throws what it printed, unless it said `expected`. */
async function taken(
  { root, proxies }: StoreProject,
  what: string,
  words: readonly string[],
  expected: string,
): Promise<Taken> {
  const all = [proxies.store, ...(proxies.catalog === undefined ? [] : [proxies.catalog])];
  for (const proxy of all) {
    proxy.delayMs = DELAY_MS;
    proxy.taken();
  }
  const startedMs = performance.now();
  const child = spawn(process.execPath, [THIS_CLONE.main, ...words, '--project', root, '--json'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (said += String(chunk)));
  const [code] = (await once(child, 'close')) as [number | null];
  const wallMs = performance.now() - startedMs;
  if (code !== 0 || !said.includes(expected))
    throw new Error(`psyberg ${words.join(' ')} ended with ${code}: ${said}`);
  const { requests: store } = proxies.store.taken();
  const catalog = proxies.catalog?.taken().requests ?? [];
  for (const proxy of all) proxy.delayMs = 0;
  note(what, startedMs, [...store, ...catalog]);
  return { store, catalog, wallMs };
}

/** For whoever looks for requests that can be saved. */
function note(what: string, startedMs: number, requests: readonly ProxiedRequest[]): void {
  const file = process.env['PSYBERG_BENCH_REQUESTS'];
  if (file === undefined) return;
  const at = (timeMs: number): string => (timeMs - startedMs).toFixed(0).padStart(6);
  const lines = [...requests]
    .sort((one, other) => one.startedAtMs - other.startedAtMs)
    .map(({ startedAtMs, endedAtMs, connection, isOfDuckdb, method, status, path: asked, range = '' }) =>
      [
        at(startedAtMs),
        at(endedAtMs),
        `${isOfDuckdb ? 'duckdb' : 'node'} ${connection}`.padEnd(10),
        method.padEnd(6),
        status,
        asked,
        range,
      ].join(' '),
    );
  fs.appendFileSync(file, `== ${what}\n${lines.join('\n')}\n`);
}

/** The counts of the last round and the median of the seconds, each beside its limit. */
function line(what: string, rounds: readonly Taken[], limits: Limits): string {
  const { store, catalog } = rounds.at(-1) as Taken;
  const seconds = timingOf(rounds.map(({ wallMs }) => wallMs));
  const beside = (found: number, limit: number | undefined): string =>
    limit === undefined ? `${found}` : `${found} (limit ${limit})`;
  return [
    `${what}: ${beside(store.length, limits.requests)} requests of the store${ofMethods(store)}`,
    `${beside(connectionsOf(store), limits.connections)} connections, ${connectionsOf(store.filter(({ isOfDuckdb }) => isOfDuckdb))} of DuckDB's`,
    ...(catalog.length === 0
      ? []
      : [`${beside(catalog.length, limits.catalogRequests)} requests of the catalog${ofMethods(catalog)}`]),
    `${ms(seconds.medianMs)} (${ms(seconds.minMs)} at best; limit ${limits.seconds} s)`,
  ].join(', ');
}

/** Of a process that has ended: each command opens its own. */
const connectionsOf = (requests: readonly ProxiedRequest[]): number =>
  new Set(requests.map(({ connection }) => connection)).size;

function ofMethods(requests: readonly ProxiedRequest[]): string {
  const counts = Map.groupBy(requests, ({ method }) => method);
  return requests.length === 0
    ? ''
    : `: ${[...counts].map(([method, { length }]) => `${length} ${method}`).join(', ')}`;
}
