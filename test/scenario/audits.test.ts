// Goal: a failed audit publishes nothing and leaves nothing; a plan writes nothing; a time zone changes nothing. Method: sessions on real tables, the warehouse hashed around them.
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { hourAt, processFile, tableId, type World, worldForTest } from '../support/world.ts';
import { spawnSessions } from '../support/spawn.ts';

const EVENTS = 'id bigint, ts timestamptz';
const events = (first: number, count: number, hour: number): string =>
  `select i as id, timestamptz '${hourAt(hour)}' + to_seconds(i % 3600) as ts from range(${first}, ${first + count}) t(i)`;
const eventProcess = (audits: readonly unknown[], sql = 'select id, ts from e', pattern = 'stateless') =>
  processFile(
    { process_name: 'event_load', pattern, sources: [{ table: 'raw.events', event_time: 'ts', alias: 'e' }], target: { table: 'facts.events', event_time: 'ts' }, audits },
    sql,
  );
const targetExists = (world: World) => world.psyberg.internals.client.tableExists(tableId('facts.events'));

describe('a failing blocking audit', () => {
  const BAD = 'select * from staged where id % 10 = 7';
  const files = { 'audits/no_sevens.sql': BAD };

  it('publishes nothing, and names what it expected, what it found, and ten rows', async () => {
    const world = await worldForTest({ processes: [eventProcess([{ sql: 'audits/no_sevens.sql' }, { not_null: { columns: ['id'] } }])], files });
    await world.create('raw.events', EVENTS);
    await world.land('raw.events', events(0, 200, 0));
    const [record] = await world.run();
    expect(record).toMatchObject({ status: 'audit-failed', published_snapshot_id: null, error: { code: 'audit-failed', context: { audits: ['no_sevens'] } } });
    expect(record?.audits).toMatchObject([
      { name: 'no_sevens', severity: 'block', status: 'failed', expected: '0', actual: '20' },
      { name: 'not_null', status: 'passed', sample: [] },
    ]);
    expect(record?.audits[0]?.sample).toHaveLength(10);
    expect(JSON.stringify(record?.audits[0]?.sample[0])).toMatch(/"id":"\d*7"/);
    // No branch and no table that only this session made.
    expect(await world.leftovers()).toEqual([]);
    expect(await targetExists(world)).toBe(false);
    expect(await world.rows('select status, rows_read, rows_written from psyberg.psyberg_session_f')).toEqual(['["audit-failed","200","200"]']);
    expect(await world.psyberg.internals.client.tableExists(tableId('psyberg.high_water_mark_table'))).toBe(false);
  });

  it('leaves none of its rows to the session after it, which starts from main', async () => {
    const world = await worldForTest({ processes: [eventProcess([{ sql: 'audits/no_sevens.sql' }])], files });
    await world.create('raw.events', EVENTS);
    await world.land('raw.events', events(0, 5, 0));
    await world.publish('event_load');
    const base = (await world.metadata('facts.events'))['current-snapshot-id'];
    await world.land('raw.events', events(5, 5, 0));
    for (const _ of [1, 2]) expect((await world.run())[0]?.status).toBe('audit-failed');
    const metadata = await world.metadata('facts.events');
    expect([metadata['current-snapshot-id'], metadata.snapshots?.length, await world.leftovers()]).toEqual([base, 1, []]);
    const dataFiles = readdirSync(join(world.warehouse, 'facts', 'events'), { recursive: true }).filter((name) => String(name).endsWith('.parquet'));
    expect(dataFiles).toHaveLength(1);
    world.write('audits/no_sevens.sql', 'select * from staged where false');
    await world.reopen();
    expect(await world.publish('event_load')).toMatchObject({ rows_read: '5', rows_written: '5' });
    expect(await world.rows('from facts.events')).toEqual(await world.rows('from raw.events'));
  });

  it('with keepBranch keeps the branch to look at, until the next session', async () => {
    const world = await worldForTest({ processes: [eventProcess([{ sql: 'audits/no_sevens.sql' }])], files });
    await world.create('raw.events', EVENTS);
    await world.land('raw.events', events(0, 5, 0));
    await world.publish('event_load');
    await world.land('raw.events', events(5, 5, 0));
    const [record] = await world.run(undefined, { keepBranch: true });
    const onBranch = await world.psyberg.sql('select count(*) as n from facts.events', { branch: record?.branch as string });
    expect(onBranch.toObjects()).toEqual([{ n: 10n }]);
    expect(await world.rows('select count(*) from facts.events')).toEqual(['["5"]']);
  });

  it('of source_to_target_count, no_missing_events, not_null and unique says what is wrong', async () => {
    const cases = [
      [['source_to_target_count'], 'select id, ts from e where id <> 3', { expected: '10', actual: '9' }],
      [[{ no_missing_events: { source: 'e', key: 'id' } }], 'select id, ts from e where id <> 3', { expected: '0', actual: '1', sample: [{ missing_key: '3' }] }],
      [[{ not_null: { columns: ['id'] } }], 'select nullif(id, 3) as id, ts from e', { expected: '0', actual: '1' }],
      [
        [{ unique: { columns: ['id'] } }],
        'select id, ts from e union all select id, ts from e where id = 3',
        { expected: '0', actual: '1', sample: [{ id: '3', occurrences: '2' }] },
      ],
    ] as const;
    const world = await worldForTest({});
    await world.create('raw.events', EVENTS);
    await world.land('raw.events', events(0, 10, 0));
    for (const [audits, sql, expected] of cases) {
      world.writeProcess(eventProcess(audits, sql));
      await world.reopen();
      expect((await world.run())[0]).toMatchObject({ status: 'audit-failed', audits: [{ status: 'failed', ...expected }] });
    }
  });

  it('of severity warn is reported, and publishes', async () => {
    const world = await worldForTest({ processes: [eventProcess([{ sql: 'audits/no_sevens.sql', severity: 'warn' }])], files });
    await world.create('raw.events', EVENTS);
    await world.land('raw.events', events(0, 20, 0));
    expect(await world.publish('event_load')).toMatchObject({ audits: [{ severity: 'warn', status: 'failed', actual: '2' }], error: null });
    expect(await world.rows('select count(*) from facts.events')).toEqual(['["20"]']);
  });

  it('sees the staged rows, the sources of the session and the whole target as it will be', async () => {
    const audit = 'select (select count(*) from staged) as staged, (select count(*) from target) as whole, (select count(*) from e) as read, $psyberg_session_id as session';
    const world = await worldForTest({ processes: [eventProcess([{ sql: 'audits/all.sql', severity: 'warn' }])], files: { 'audits/all.sql': audit } });
    await world.create('raw.events', EVENTS);
    await world.land('raw.events', events(0, 20, 0));
    await world.publish('event_load');
    await world.land('raw.events', events(20, 5, 0));
    const record = await world.publish('event_load');
    expect(record.audits[0]?.sample).toEqual([{ staged: '5', whole: '25', read: '5', session: record.psyberg_session_id }]);
  });
});

describe('a plan', () => {
  /** Every file of the warehouse and every row of the catalog's database. */
  function imageOf(world: World): Record<string, string> {
    const image: Record<string, string> = {};
    for (const name of readdirSync(world.root, { recursive: true, withFileTypes: true })) {
      const path = join(name.parentPath, name.name);
      // The database's own files change with each connection; its rows are compared instead.
      if (name.isFile() && !name.name.startsWith('catalog.db')) image[path] = createHash('sha256').update(readFileSync(path)).digest('hex');
    }
    const database = new DatabaseSync(join(world.warehouse, 'catalog.db'), { readOnly: true });
    for (const { name } of database.prepare("select name from sqlite_master where type = 'table'").all())
      image[`table ${name}`] = JSON.stringify(database.prepare(`select * from "${name}"`).all());
    database.close();
    return image;
  }

  it.each(['stateless', 'stateful'] as const)('writes nothing, before a first run, with work, and with none (%s)', async (pattern) => {
    const world = await worldForTest({ processes: [eventProcess([], undefined, pattern)] });
    await world.create('raw.events', EVENTS);
    const expectUntouched = async (status: string): Promise<void> => {
      const before = imageOf(world);
      const plan = await world.plan('event_load');
      expect(plan.status).toBe(status);
      expect(plan.explain()).toContain('event_load');
      expect(imageOf(world)).toEqual(before);
    };
    await expectUntouched('nothing-new');
    await world.land('raw.events', events(0, 20, 0));
    await expectUntouched('work');
    await world.publish('event_load');
    await expectUntouched('nothing-new');
    await world.land('raw.events', events(20, 5, 1));
    await expectUntouched('work');
  });

  it('made before is run as it was made, or refused when it is stale', async () => {
    const world = await worldForTest({ processes: [eventProcess([])] });
    await world.create('raw.events', EVENTS);
    await world.land('raw.events', events(0, 20, 0));
    const plan = JSON.parse(JSON.stringify(await world.plan('event_load')));
    expect((await world.run(undefined, { plans: [plan] }))[0]).toMatchObject({ status: 'published', psyberg_session_id: plan.psyberg_session_id });
    expect((await world.run(undefined, { plans: [plan] }))[0]).toMatchObject({ status: 'refused', error: { code: 'plan-stale', context: { exit_code: 5 } } });
    expect(await world.rows('from facts.events')).toEqual(await world.rows('from raw.events'));
  });
});

describe('the time zone of the machine', () => {
  it('changes neither plans nor rows, also on days when clocks change', { timeout: 120_000 }, async () => {
    const zones = ['America/Los_Angeles', 'Asia/Kolkata', 'UTC'];
    const process = processFile(
      {
        process_name: 'zoned_load',
        pattern: 'stateful',
        sources: [{ table: 'raw.events', event_time: 'ts', alias: 'e', vtts: { sql: "select '2023-11-05 12:00:00'" } }],
        target: { table: 'facts.zoned', event_time: 'h', partition_by: ['day(h)'] },
      },
      "select date_trunc('hour', ts) as h, count(*) as n, min(ts)::date as d, strftime(min(ts), '%H') as hour_text, $first_hour as first_hour from e group by 1",
    );
    const results = [];
    for (const zone of zones) {
      const world = await worldForTest({ processes: [process] });
      await world.create('raw.events', EVENTS, { partitionedBy: 'hour(ts)' });
      // The night in which Los Angeles has one hour twice.
      await world.land('raw.events', "select i as id, timestamptz '2023-11-05 05:30:00Z' + to_minutes(i::int * 20) from range(30) t(i)");
      const { records, plans } = await spawnSessions(world.root, { plan: true, environment: { TZ: zone } });
      expect(records[0]?.status, JSON.stringify(records[0]?.error)).toBe('published');
      results.push({
        range: records[0]?.range,
        owed: records[0]?.owed_hours,
        hours: plans[0]?.hours.map((each) => each.hour),
        uris: plans[0]?.sources[0]?.processing_uris,
        rows: await world.rows('from facts.zoned'),
      });
    }
    expect(results[0]?.range).toEqual({ first_hour: '2023-11-05T05:00:00Z', last_hour: '2023-11-05T11:00:00Z' });
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
  });
});
