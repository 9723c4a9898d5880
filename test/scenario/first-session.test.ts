// Goal: what the first session of a target has staged is on no `main` before it is published, whoever reads
// and however the session ends; and until then the target counts as never published. Method: sessions step by
// step, with failed audits and given up; a second DuckDB over the catalog looks.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openEngine } from '../../src/engine/index.ts';
import { appended, events, eventWorld, inSource, overwritten } from '../support/event-tables.ts';
import { orphans } from '../support/orphans.ts';
import { runSessionStep } from '../support/session-step.ts';
import { hourAt, processFile, type World, worldForTest } from '../support/world.ts';

const event = (id: number, hour: number): string =>
  `select ${id}::bigint as id, timestamptz '${hourAt(hour)}' as ts`;
const EVENTS = 'id bigint, ts timestamptz';
const ID = '20990101000001';

const processOf = (header: object = {}, sql = 'select id, ts from e') =>
  processFile(
    {
      process_name: 'load',
      pattern: 'stateful',
      sources: [{ table: 'raw.events', event_time: 'ts', alias: 'e' }],
      target: { table: 'facts.t', event_time: 'ts', partition_by: ['hour(ts)'] },
      ...header,
    },
    sql,
  );

async function worldWith(process: ReturnType<typeof processOf>, rows = 3): Promise<World> {
  const world = await worldForTest({ processes: [process] });
  await world.create('raw.events', EVENTS);
  for (let id = 1; id <= rows; id += 1) await world.land('raw.events', event(id, id));
  return world;
}

/** What another DuckDB counts, on `main` and under the prefix of the session's branch. */
async function countedByOthers(world: World, branch: string): Promise<unknown[]> {
  const { uri, token } = world.psyberg.internals.catalog;
  const other = await openEngine();
  try {
    const counts: unknown[] = [];
    for (const [name, warehouse] of [
      ['lake', 'psyberg'],
      ['staged', `branch@${branch}`],
    ] as const) {
      await other.attach({ name, warehouse, uri, token });
      const [row] = await other.query({ sql: `select count(*) as n from ${name}.facts.t`, parameters: {} });
      counts.push(row?.['n']);
    }
    return counts;
  } finally {
    other.close();
  }
}

const seenHere = async (world: World): Promise<unknown> =>
  (await world.sql('select count(*) as n from facts.t'))[0]?.['n'];
const step = (world: World, name: Parameters<typeof runSessionStep>[2], id = ID) =>
  runSessionStep(world.psyberg, world.psyberg.project.processes[0] as never, name, id);

describe('the first session, step by step', () => {
  it.for([
    ['stateless', '2', 'select id, ts from e'],
    ['stateless', '3', 'select id, ts, {n: id} as nested from e'],
    ['stateful', '3', 'select id, ts from e'],
    ['dimension', '2', 'select max(id) as id, max(ts) as ts from e'],
  ] as const)(
    '%s, version %s: loaded rows are seen once they are published',
    async ([pattern, version, sql]) => {
      const target = {
        table: 'facts.t',
        event_time: 'ts',
        partition_by: ['hour(ts)'],
        properties: { 'format-version': version },
      };
      const world = await worldWith(processOf({ pattern, target }, sql));
      const before = await world.plan('load');
      expect(before.target).toMatchObject({ exists: false, base_snapshot_id: null });
      await step(world, 'init');
      await step(world, 'load');
      expect(await seenHere(world)).toBe(0n);
      expect(await countedByOthers(world, `psyberg_load_${ID}`)).toEqual([0n, 3n]);
      await step(world, 'audit');
      expect(await seenHere(world)).toBe(0n);
      expect((await step(world, 'publish')).status).toBe('published');
      expect(await seenHere(world)).toBe(3n);
      const metadata = await world.metadata('facts.t');
      expect(metadata.snapshots).toHaveLength(2);
      const [begin, first] = metadata['snapshot-log'] ?? [];
      expect(first?.['snapshot-id']).toBe(metadata['current-snapshot-id']);
      expect(
        await world.sql(`select count(*) as n from facts.t at (version => ${begin?.['snapshot-id']})`),
      ).toEqual([{ n: 0n }]);
      expect(await world.leftovers()).toEqual([]);
      expect(await orphans(world)).toEqual([]);
    },
  );

  it('a load that is repeated after a kill goes on from the empty target', async () => {
    const world = await worldWith(processOf());
    // It exists and has no snapshot: nobody drops it, and its `main` begins with the first try.
    await world.create('facts.t', EVENTS, { partitionedBy: 'hour(ts)' });
    await step(world, 'init');
    await step(world, 'load');
    const [begun] = (await world.metadata('facts.t'))['snapshot-log'] ?? [];
    // As if the step had been killed before it could record itself: init opens the session anew.
    await step(world, 'init', '20990101000002');
    await step(world, 'load', '20990101000002');
    expect(await seenHere(world)).toBe(0n);
    await step(world, 'audit', '20990101000002');
    await step(world, 'publish', '20990101000002');
    expect(await world.rows('from facts.t')).toEqual(await world.rows('from raw.events'));
    expect((await world.metadata('facts.t'))['snapshot-log']?.[0]).toEqual(begun);
  });
});

describe('a first session that fails its audit', () => {
  const failing = processOf(
    { audits: [{ unique: { columns: ['id'] } }] },
    'select 1::bigint as id, ts from e',
  );

  it('leaves an empty main beside the branch that is kept, and the next session starts as the first', async () => {
    const world = await worldWith(failing);
    const [record] = await world.run(['load'], { keepBranch: true });
    expect(record?.status).toBe('audit-failed');
    expect(await seenHere(world)).toBe(0n);
    expect(await countedByOthers(world, record?.branch ?? '')).toEqual([0n, 3n]);
    const plan = await world.plan('load');
    expect(plan.sources[0]).toMatchObject({ watermark: null, rows: '3' });
    expect(plan.target).toMatchObject({
      exists: true,
      base_snapshot_id: String((await world.metadata('facts.t'))['current-snapshot-id']),
      previous_session_id: null,
    });
    world.writeProcess(processOf());
    await world.reopen();
    await world.publish('load');
    expect(await world.rows('from facts.t')).toEqual(await world.rows('from raw.events'));
    expect(await world.leftovers()).toEqual([]);
    expect(await orphans(world)).toEqual([]);
  });

  it('takes the target along that it had created', async () => {
    const world = await worldWith(failing);
    await world.run(['load']);
    expect(await world.psyberg.internals.client.tableExists({ namespace: ['facts'], name: 't' })).toBe(false);
    const folder = join(world.warehouse, 'facts', 't');
    expect(existsSync(folder) ? readdirSync(folder, { recursive: true }) : []).toEqual([]);
  });
});

describe('a target whose main was removed', () => {
  it('is empty to everybody, and is loaded from the beginning', async () => {
    const world = await worldWith(processOf());
    await world.publish('load');
    await world.commit('facts.t', [{ action: 'remove-snapshot-ref', 'ref-name': 'main' }]);
    expect(await seenHere(world)).toBe(0n);
    await world.land('raw.events', event(4, 4));
    await world.publish('load');
    expect(await world.rows('from facts.t')).toEqual(await world.rows('from raw.events'));
  });

  it('is, rolled back to its empty beginning, loaded from the beginning, too', async () => {
    const world = await worldWith(processOf());
    await world.publish('load');
    const [begin] = (await world.metadata('facts.t'))['snapshot-log'] ?? [];
    await world.rollback('facts.t', begin?.['snapshot-id'] as bigint);
    expect(await seenHere(world)).toBe(0n);
    await world.publish('load');
    expect(await world.rows('from facts.t')).toEqual(await world.rows('from raw.events'));
  });
});

describe('a first session whose event time is no time', () => {
  it.each([
    ['stateful', 'select id, epoch_ms(ts) as ts from e'],
    ['dimension', 'select epoch_ms($range_start) as ts, count(*) as n from e'],
    ['stateless', 'select id, ts::varchar as ts from e'],
  ])('of a %s process says what to cast, and creates nothing', async (pattern, sql) => {
    const world = await worldWith(
      processOf({ pattern, target: { table: 'facts.t', event_time: 'ts' } }, sql),
    );
    expect((await world.run())[0]).toMatchObject({
      status: 'failed',
      error: { code: 'target-event-time', hint: expect.stringContaining('cast it in the select list') },
    });
    expect(await world.psyberg.internals.client.tableExists({ namespace: ['facts'], name: 't' })).toBe(false);
  });
});

describe('a target that Spark would write in another format', () => {
  const withFormat = (properties: object) =>
    processOf({ engine: 'spark', target: { table: 'facts.t', event_time: 'ts', properties } });
  const planned = async (world: World) =>
    world.plan('load').then(
      ({ status }) => status,
      ({ code, hint }: { code: string; hint: string }) => [code, hint],
    );

  it('is refused by its plan, of the header and of the table', async () => {
    const world = await worldWith(withFormat({ 'write.format.default': 'orc' }));
    expect(await planned(world)).toEqual([
      'target-not-writable',
      expect.stringContaining('take write.format.default out of target.properties'),
    ]);
    world.writeProcess(withFormat({ 'write.format.default': 'PARQUET' }));
    await world.reopen();
    expect(await planned(world)).toBe('work');
    await world.create('facts.t', EVENTS);
    expect(await planned(world)).toBe('work');
    await world.commit('facts.t', [
      { action: 'set-properties', updates: { 'write.format.default': 'avro' } },
    ]);
    expect(await planned(world)).toEqual([
      'target-not-writable',
      expect.stringContaining("set tblproperties ('write.format.default' = 'parquet')"),
    ]);
  });
});

it('a source that became one of version 2 after its last commit is read', async () => {
  const world = await eventWorld({ formatVersion: '1' });
  await world.land('raw.events', events(20, 3, 2));
  await world.commit('raw.events', [{ action: 'upgrade-format-version', 'format-version': 2 }]);
  for (const name of ['append_load', 'overwrite_load']) await world.publish(name);
  expect(await appended(world)).toEqual(await inSource(world));
  expect(await overwritten(world)).toEqual(await inSource(world));
  expect(await inSource(world)).toHaveLength(13);
});
