/** Plays a history of PyIceberg step by step, and holds each session's work against plain SQL over what PyIceberg reads. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { expect } from 'vitest';
import type { ExplainedPlan, RunRecord } from '../../../src/index.ts';
import type { StartSpec } from '../../../src/model/start.ts';
import type { Adoption } from '../../../src/processes/adopt-process.ts';
import { createWorld, hourAt, type ProcessFile, type World } from '../../support/world.ts';
import {
  DAY_MS,
  type History,
  NAMES,
  type Name,
  type Operation,
  type Rows,
  type Side,
  type Step,
} from './history.ts';
import { COLUMNS, filesOf, sidesOf, wholeSql } from './processes.ts';
import type { PyIceberg } from './source-writer.ts';
import { applySpark, readBySpark, type SparkOn, sparkOn } from './spark.ts';

interface Played {
  readonly each: History;
  readonly world: World;
  readonly python: PyIceberg;
  spark: SparkOn | undefined;
  readonly log: string[];
  readonly refused: Set<Name>;
  /** Only after the last session `verify` compares, too. */
  isLast: boolean;
  /** Since they were read, and what columns they had then. */
  readonly changed: Set<Side>;
  readonly columns: Partial<Record<Side, string[]>>;
  /** Under which name each process is known; of which snapshots its target is, and whether of more than complete hours. */
  readonly processOf: Map<Name, string>;
  readonly loadedAt: Map<Name, Map<string, string>>;
  readonly holdsMore: Set<Name>;
  readonly seen: Set<string>;
  next: number;
  files: number;
  cover(what: string): void;
}

const LAST: Step = { kind: 'session', names: undefined };
const HOUR_MS = 3_600_000;

export async function playPyIceberg(
  each: History,
  python: PyIceberg,
  cover: (what: string) => void,
  bySpark = false,
): Promise<void> {
  const world = await createWorld({ processes: filesOf(each) });
  const played: Played = {
    each,
    world,
    python,
    spark: bySpark ? await sparkOn(world) : undefined,
    log: [],
    refused: new Set(),
    isLast: false,
    changed: new Set(['a', 'b', 'l']),
    columns: {},
    processOf: new Map(),
    loadedAt: new Map(),
    holdsMore: new Set(),
    seen: new Set(),
    next: 1,
    files: 0,
    cover,
  };
  try {
    world.nowMs = DAY_MS + 40 * HOUR_MS;
    await python.connect(world);
    for (const side of ['a', 'b', 'l'] as const)
      await python.ask('create', {
        table: `raw.${side}`,
        ...each.shapes[side],
        properties: { 'format-version': each.shapes[side].version, ...each.shapes[side].properties },
        via: 'rest',
      });
    for (const step of [...each.steps, LAST]) {
      played.isLast = step === LAST;
      played.log.push(JSON.stringify(step));
      await playStep(played, step);
    }
    cover('history');
  } catch (error) {
    (error as Error).message += `\n${JSON.stringify(each.shapes)}\n${played.log.join('\n')}\n${world.root}`;
    throw error;
  } finally {
    await played.spark?.close();
    if (process.env['PSYBERG_PROPERTY_KEEP'] === undefined) await world.close();
  }
}

async function playStep(played: Played, step: Step): Promise<void> {
  const { world, python, cover } = played;
  if (step.kind === 'change') played.changed.add(step.side);
  if (step.kind === 'change') return change(played, step.side, step.operation, step.via);
  if (step.kind === 'session') return session(played, step.names);
  if (step.kind === 'adopt') return adopt(played, step);
  if (step.kind === 'restate') return restateSome(played, step);
  if (step.kind === 'reopen') {
    await world.reopen();
    await played.spark?.close();
    if (played.spark !== undefined) played.spark = await sparkOn(world);
    await python.connect(world);
    return;
  }
  for (const side of ['a', 'b', 'l'] as const) played.changed.add(side);
  const { tables } = await world.psyberg.maintain(undefined, {
    olderThanMs: 0,
    orphanGraceMs: 0,
    force: true,
  });
  for (const { error } of tables) if (error !== null) cover(`maintain ${error.code}`);
  played.log.push(
    `maintain ${JSON.stringify(tables.map(({ error }) => error?.message ?? null).filter(Boolean))}`,
  );
}

/** With ids, and rows of other tables by theirs. */
function rowsOf(played: Played, batch: readonly Rows[]): unknown[] {
  const rows: unknown[] = [];
  const taken = new Set<number>();
  for (const { hour, count, k, v, id } of batch)
    for (let at = 0; at < count; at += 1) {
      let mine = id === undefined ? 0 : 1 + (id % Math.max(1, played.next - 1));
      if (mine === 0 || taken.has(mine)) mine = played.next++;
      taken.add(mine);
      const ms = hour === null ? null : DAY_MS + hour * HOUR_MS + ((mine * 797) % 3600) * 1000;
      rows.push([mine, ms, k, v]);
    }
  return rows;
}

function withRows(played: Played, operation: Operation): Operation {
  const { batch, batches, operations, ...rest } = operation;
  return {
    ...rest,
    ...(batch === undefined ? {} : { rows: rowsOf(played, batch) }),
    ...(batches === undefined
      ? {}
      : { files: batches.map((each) => rowsOf(played, each)), name: `landed-${played.files++}` }),
    ...(operations === undefined ? {} : { operations: operations.map((each) => withRows(played, each)) }),
  };
}

async function change(played: Played, side: Side, operation: Operation, via: string): Promise<void> {
  const { python, cover, log } = played;
  if (operation.kind === 's-sql') return changeBySpark(played, side, operation);
  const what = `${operation.kind}${operation['move'] ?? operation['change'] ?? ''}${operation['branch'] === undefined ? '' : ' on branch'}`;
  try {
    // Of a file without statistics it takes any partition for NULL, and says so in its manifests.
    const bare = operation['bare'] === true && isUnpartitioned(played, side);
    await python.ask(operation.kind, { ...withRows(played, operation), bare, via, table: `raw.${side}` });
    cover(`${what} v${played.each.shapes[side].version}`);
  } catch (error) {
    const { message, cause } = error as Error;
    log.push(`  PyIceberg: ${message.slice(0, 300)}`);
    cover(`PyIceberg refuses ${what}: ${message.slice(0, 70)}`);
    if (/ServerError|RESTError|BadRequestError: (?!ValidationException)/.test(message))
      throw new Error(`catalog: ${message}\n${cause}`);
  }
}

async function changeBySpark(played: Played, side: Side, given: Operation): Promise<void> {
  const { spark, log, cover, each } = played;
  const operation = withRows(played, given);
  const what =
    (given['statements'] as string[]).find((text) => !/^(alter table \{t\} set|set)/.test(text)) ?? 'set';
  const short = what.replace(/\(?\{(full)?rows.*|where.*|table =>.*/, '').slice(0, 60);
  const { version, time } = each.shapes[side];
  try {
    await applySpark(spark as SparkOn, { operation, table: `raw.${side}`, time, version });
    cover(`${short} v${version}`);
  } catch (error) {
    const { message } = error as Error;
    log.push(`  Spark: ${message.slice(0, 300)}`);
    cover(`Spark refuses ${short}: ${message.slice(0, 90)}`);
    if (/ServerError|RESTException|ServiceFailure|Internal/i.test(message))
      throw new Error(`catalog: ${message}`);
  }
}

const isUnpartitioned = ({ each: { shapes, steps } }: Played, side: Side): boolean =>
  shapes[side].partition.length === 0 && !JSON.stringify(steps).includes('"kind":"spec"');

/** Refusals after which a restate of everything is the way on. */
const RESTATED = ['history-expired', 'columns-replaced', 'source-rewound'];

async function session(played: Played, names: readonly Name[] | undefined): Promise<void> {
  const { world, refused, cover, log } = played;
  const columns = await readSources(played);
  const steps = JSON.stringify(played.each);
  const asked = (names ?? NAMES).filter((name) => !refused.has(name));
  const last = new Map<Name, RunRecord>();
  if (asked.length === 0) return;
  for (const record of await world.psyberg.run(
    asked.map((name) => processOf(played, name)),
    { untilComplete: true },
  ))
    last.set(nameOf(record), record);
  for (const [name, first] of last) {
    let record = first;
    const told = `${name} ${record.status} ${record.error?.code ?? ''}`;
    log.push(`  ${told}`);
    cover(told);
    if (record.error?.code === 'process-sql-failed' || record.error?.code === 'sql-failed') {
      expect(name === 'extra' && !columns.a.includes('extra'), JSON.stringify(record)).toBe(true);
      continue;
    }
    if (name === 'extra' && !columns.a.includes('extra')) continue;
    // Files that PyIceberg adds where bounds are left out are of the partition NULL by its manifests.
    if (record.error?.code === 'rows-not-read' && /add-files/.test(steps) && /metrics/.test(steps)) {
      refused.add(name);
      continue;
    }
    if ((name === 'copy' || name === 'added') && record.error !== null) {
      log.push(`    ${record.error.message}`);
      expect(['source-changed', 'history-expired', 'rows-not-read'], JSON.stringify(record)).toContain(
        record.error.code,
      );
      refused.add(name);
      if (name === 'copy' && record.error.code === 'source-changed') await coverFalseRefusal(played);
      continue;
    }
    if (RESTATED.includes(record.error?.code ?? '')) {
      const after = await restated(played, name);
      if (after === undefined) continue;
      record = after;
    }
    expect(['published', 'nothing-new', 'waiting'], JSON.stringify(record)).toContain(record.status);
    await compare(played, name, record);
    await noteHeads(played, name);
  }
}

const processOf = ({ processOf: known }: Played, name: Name): string => known.get(name) ?? name;
const nameOf = ({ target }: RunRecord): Name => target.replace('facts.', '') as Name;

/** Of which snapshots a target is now. */
async function noteHeads(played: Played, name: Name): Promise<void> {
  const heads = new Map<string, string>();
  for (const side of sidesOf[name]) {
    const { 'current-snapshot-id': id } = await played.world.metadata(`raw.${side}`);
    heads.set(`raw.${side}`, String(id));
  }
  played.loadedAt.set(name, heads);
}

type Adopting = Extract<Step, { kind: 'adopt' }>;

async function adopt(played: Played, { name, how, between, by, partition }: Adopting): Promise<void> {
  const { world, python, log, cover, refused, loadedAt } = played;
  const table = `facts.${name}`;
  const id = { namespace: ['facts'], name };
  const exists = await world.psyberg.internals.client.tableExists(id);
  if (!exists && (how === 'retired' || how === 'renamed')) return;
  if (how === 'renamed') {
    const before = processOf(played, name);
    const after = `${name}_${played.next}`;
    const file = filesOf(played.each).find(({ header }) => header.process_name === name) as ProcessFile;
    rmSync(join(world.root, 'processes', `${before}.sql`));
    world.writeProcess({ ...file, header: { ...file.header, process_name: after } });
    played.processOf.set(name, after);
    await world.reopen();
    await python.connect(world);
    for (const each of between) await changeNoted(played, each.side, each.operation);
    return adopting(played, name, () => world.psyberg.adopt(after, new Map(), { from: before }));
  }
  const process = processOf(played, name);
  if (how === 'filled' || how === 'filled-whole') {
    const columns = await readSources(played);
    if (name === 'extra' && !columns.a.includes('extra')) return;
    const limit =
      how === 'filled-whole' && name !== 'state' && name !== 'copy'
        ? '2100-01-01T00:00:00Z'
        : await limitOf(played, name);
    log.push(`  filled to ${limit}`);
    if (limit === undefined) return;
    const path = join(world.root, 'fill.parquet');
    await copyWanted(played, name, limit, path);
    await world.psyberg.retire(process);
    if (exists) await world.sql(`drop table ${table}`);
    await python.ask('fill', {
      table,
      from: path,
      via: by === 'duckdb' ? 'sql' : 'rest',
      transform: partition?.replace('(ts)', ''),
    });
    await noteHeads(played, name);
    refused.delete(name);
  } else {
    if (refused.has(name) || !loadedAt.has(name)) return;
    await world.psyberg.retire(process);
  }
  // Also of hours that were complete once, and are not at the place of the adoption.
  if (name !== 'copy') played.holdsMore.add(name);
  for (const each of between) await changeNoted(played, each.side, each.operation);
  const places = new Map<string, StartSpec>(
    [...(loadedAt.get(name) as Map<string, string>)].map(([source, snapshot]) => [
      source,
      { kind: 'snapshot', snapshotId: BigInt(snapshot) },
    ]),
  );
  cover(`adopt ${how}`);
  await adopting(played, name, () => world.psyberg.adopt(process, places));
}

const changeNoted = (played: Played, side: Side, operation: Operation): Promise<void> => {
  played.changed.add(side);
  return change(played, side, operation, 'rest');
};

async function adopting(played: Played, name: Name, work: () => Promise<Adoption>): Promise<void> {
  const { world, log, cover, refused } = played;
  try {
    const { record, plan } = await work();
    log.push(`  adopted ${name} ${record.status}, owes ${plan.owed_hours}`);
    cover(`adopted ${name} ${record.status}`);
  } catch (error) {
    const { code, message } = error as Error & { readonly code?: string };
    log.push(`  adopt ${name} thrown ${code} ${message}`);
    cover(`adopt ${name} thrown ${code}`);
    expect(
      [
        'start-unknown',
        'target-missing',
        'adopt-from-unknown',
        'adoption-hours-unknown',
        'adoption-rows-ahead',
        'process-sql-failed',
      ],
      message,
    ).toContain(code);
    await world.psyberg.retire(processOf(played, name));
    if (await world.psyberg.internals.client.tableExists({ namespace: ['facts'], name }))
      await world.sql(`drop table facts.${name}`);
    refused.delete(name);
    played.holdsMore.delete(name);
  }
}

async function restateSome(
  played: Played,
  { name, hours }: Extract<Step, { kind: 'restate' }>,
): Promise<void> {
  const { world, log, cover } = played;
  const text = hours?.map((hour) => hourAt(hour).slice(0, 13)).join('..');
  try {
    const [record] = await world.psyberg.restate(
      processOf(played, name),
      text === undefined ? { all: true } : { hours: text },
    );
    log.push(`  restated ${record?.status} ${record?.error?.code ?? ''}`);
    cover(`restate ${name} ${record?.status} ${record?.error?.code ?? ''}`);
  } catch (error) {
    const { code, message } = error as Error & { readonly code?: string };
    log.push(`  restate thrown ${code} ${message}`);
    cover(`restate ${name} thrown ${code}`);
  }
}

/** All rows that it loaded are still there. */
async function coverFalseRefusal(played: Played): Promise<void> {
  const left = await wantedRows(played, 'copy', hourAt(0));
  const gone = (await foundRows(played, 'copy', 'true')).filter((row) => {
    const at = left.indexOf(row);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
  if (gone.length > 0) return;
  played.cover('copy refused where no row that it has is gone');
}

async function restated(played: Played, name: Name): Promise<RunRecord | undefined> {
  const { cover, log } = played;
  try {
    const records = await played.world.psyberg.restate(processOf(played, name), { all: true });
    const record = records.find((each) => nameOf(each) === name) as RunRecord;
    const told = `restated ${name} ${record.status} ${record.error?.code ?? ''}`;
    log.push(`  ${told}`);
    cover(told);
    if (record.error !== null) return refuse(played, name);
    // It computed hours as of the watermark.
    const after = (await played.world.psyberg.run([processOf(played, name)], { untilComplete: true })).at(-1);
    return after?.error === null ? after : refuse(played, name);
  } catch (error) {
    const { code, message } = error as Error & { readonly code?: string };
    log.push(`  restate ${name} thrown ${code} ${message}`);
    cover(`restate ${name} thrown ${code}`);
  }
  return refuse(played, name);
}

function refuse({ refused }: Played, name: Name): undefined {
  refused.add(name);
}

const pathOf = ({ world }: Played, side: Side): string => join(world.root, `${side}.parquet`);

async function readSources(played: Played): Promise<Record<Side, string[]>> {
  const found = played.columns;
  for (const side of played.changed)
    if (played.spark !== undefined)
      found[side] = await readBySpark(played.spark, `raw.${side}`, pathOf(played, side));
    else
      found[side] = (
        await played.python.ask<{ columns: string[] }>('read', {
          table: `raw.${side}`,
          to: pathOf(played, side),
        })
      ).columns;
  played.changed.clear();
  return found as Record<Side, string[]>;
}

const asText = (rows: readonly (readonly unknown[])[]): string[] =>
  rows
    .map((row) => JSON.stringify(row, (_, value) => (typeof value === 'bigint' ? String(value) : value)))
    .sort();

let duckdb: Promise<DuckDBInstance> | undefined;
async function onSources<Result>(
  played: Played,
  name: Name,
  work: (connection: DuckDBConnection) => Promise<Result>,
): Promise<Result> {
  duckdb ??= DuckDBInstance.create(':memory:');
  const connection = await (await duckdb).connect();
  try {
    await connection.run("set timezone = 'UTC'");
    for (const side of sidesOf[name])
      await connection.run(
        `create or replace temp view ${side} as from read_parquet('${pathOf(played, side)}${played.spark === undefined ? '' : '/*.parquet'}')`,
      );
    return await work(connection);
  } finally {
    connection.closeSync();
  }
}

const textsOf = (name: Name): string =>
  COLUMNS[name]
    .split(', ')
    .map((each) => `${each}::varchar`)
    .join(', ');

const wantedRows = (played: Played, name: Name, limit: string): Promise<string[]> =>
  onSources(played, name, async (connection) =>
    asText(
      (
        await connection.runAndReadAll(`select ${textsOf(name)} from (${wholeSql(played.each, name, limit)})`)
      ).getRows(),
    ),
  );

const copyWanted = (played: Played, name: Name, limit: string, path: string): Promise<unknown> =>
  onSources(played, name, (connection) =>
    connection.run(
      `copy (select * from (${wholeSql(played.each, name, limit)}) where ts is not null or ${name === 'copy'}) to '${path}' (format parquet)`,
    ),
  );

async function foundRows({ world }: Played, name: Name, judged: string): Promise<string[]> {
  const exists = await world.psyberg.internals.client.tableExists({ namespace: ['facts'], name });
  if (!exists) return [];
  return asText(
    (await world.psyberg.sql(`select ${textsOf(name)} from facts.${name} where ${judged}`))
      .rows as unknown[][],
  );
}

/** The last hour that is compared; of the copy any: it has rows of all. */
function lastOf(plan: ExplainedPlan, name: Name): string | undefined {
  if (name === 'copy' || name === 'added') return hourAt(0);
  const complete = plan.sources.filter(({ lookup }) => lookup !== true).map(({ vtts_hour }) => vtts_hour);
  const least = complete.includes(null) ? undefined : [...(complete as string[])].sort()[0];
  const loaded = plan.target.complete_to_hour ?? undefined;
  const limit = least === undefined || (loaded !== undefined && loaded > least) ? loaded : least;
  if (limit === undefined || name !== 'days' || limit.includes('T23:')) return limit;
  return new Date(Math.floor(Date.parse(limit) / 86_400_000) * 86_400_000 - HOUR_MS).toISOString();
}

async function limitOf(played: Played, name: Name): Promise<string | undefined> {
  if (name === 'copy' || name === 'added') return hourAt(0);
  try {
    return lastOf(await played.world.plan(processOf(played, name)), name);
  } catch {
    return undefined;
  }
}

/** A process that takes what was added has each row once that its source had at one of its sessions. */
async function compareAdded(played: Played): Promise<void> {
  for (const row of await wantedRows(played, 'added', hourAt(0))) played.seen.add(row);
  const found = await foundRows(played, 'added', 'true');
  expect({ name: 'added', found: [...new Set(found)].sort() }).toEqual({
    name: 'added',
    found: [...played.seen].sort(),
  });
  played.cover(`compared added${found.length === played.seen.size ? '' : ', some twice'}`);
}

async function compare(played: Played, name: Name, record: RunRecord): Promise<void> {
  if (name === 'added') return compareAdded(played);
  const { world, cover } = played;
  const plan = await world.plan(processOf(played, name));
  expect(plan.status, `${name} ${JSON.stringify(plan, undefined, 1)}`).not.toBe('work');
  const limit = lastOf(plan, name);
  const wanted = limit === undefined ? [] : await wantedRows(played, name, limit);
  const owed = [...(plan.owed_hours ?? []), ...(record.owed_hours ?? [])];
  const found = await foundRows(
    played,
    name,
    played.holdsMore.has(name) && limit !== undefined
      ? `ts < timestamptz '${limit}' + interval 1 hour`
      : 'true',
  );
  expect({ name, found }, `${name} to ${limit}, owed ${owed}`).toEqual({ name, found: wanted });
  cover(`compared ${name}${found.length === 0 ? ' (empty)' : ''}`);
  if (!played.isLast) return;
  const [verified] = await world.psyberg.verify([processOf(played, name)]);
  cover(`verified ${name} ${verified?.error?.code ?? verified?.status}`);
  expect(
    verified?.status,
    JSON.stringify(verified, (_, value) => (typeof value === 'bigint' ? String(value) : value), 1),
  ).not.toBe('different');
}
