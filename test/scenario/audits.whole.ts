// Goal: a failed audit publishes nothing and leaves nothing; a plan writes nothing; a time zone changes
// nothing. Method: sessions on real tables, the warehouse hashed around them.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { spawnSessions } from '../support/spawn.ts';
import { hourAt, processFile, tableId, type World, worldForTest } from '../support/world.ts';

const EVENTS = 'id bigint, ts timestamptz';
const events = (first: number, count: number, hour: number): string =>
  `select i as id, timestamptz '${hourAt(hour)}' + to_seconds(i % 3600) as ts from range(${first}, ${first + count}) t(i)`;
const eventProcess = (audits: readonly unknown[], sql = 'select id, ts from e', pattern = 'stateless') =>
  processFile(
    {
      process_name: 'event_load',
      pattern,
      sources: [{ table: 'raw.events', event_time: 'ts', alias: 'e' }],
      target: { table: 'facts.events', event_time: 'ts' },
      audits,
    },
    sql,
  );
const targetExists = (world: World) => world.psyberg.internals.client.tableExists(tableId('facts.events'));

describe('a failing blocking audit', () => {
  const BAD = 'select * from staged where id % 10 = 7';
  const files = { 'audits/no_sevens.sql': BAD };

  it('publishes nothing, and names what it expected, what it found, and ten rows', async () => {
    const world = await worldForTest({
      processes: [eventProcess([{ sql: 'audits/no_sevens.sql' }, { not_null: { columns: ['id'] } }])],
      files,
    });
    await world.create('raw.events', EVENTS);
    await world.land('raw.events', events(0, 200, 0));
    const [record] = await world.run();
    expect(record).toMatchObject({
      status: 'audit-failed',
      published_snapshot_id: null,
      error: { code: 'audit-failed', context: { audits: ['no_sevens'] } },
    });
    expect(record?.audits).toMatchObject([
      { name: 'no_sevens', severity: 'block', status: 'failed', expected: '0', actual: '20' },
      { name: 'not_null', status: 'passed', sample: [] },
    ]);
    expect(record?.audits[0]?.sample).toHaveLength(10);
    expect(JSON.stringify(record?.audits[0]?.sample[0])).toMatch(/"id":"\d*7"/);
    // No branch and no table that only this session made.
    expect(await world.leftovers()).toEqual([]);
    expect(await targetExists(world)).toBe(false);
    expect(await world.rows('select status, rows_read, rows_written from psyberg.psyberg_session_f')).toEqual(
      ['["audit-failed","200","200"]'],
    );
    expect(await world.psyberg.internals.client.tableExists(tableId('psyberg.high_water_mark_table'))).toBe(
      false,
    );
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
    expect([metadata['current-snapshot-id'], metadata.snapshots?.length, await world.leftovers()]).toEqual([
      base,
      // The empty one with which a target begins, and the published one.
      2,
      [],
    ]);
    const dataFiles = readdirSync(join(world.warehouse, 'facts', 'events'), { recursive: true }).filter(
      (name) => String(name).endsWith('.parquet'),
    );
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
    const onBranch = await world.psyberg.sql('select count(*) as n from facts.events', {
      branch: record?.branch as string,
    });
    expect(onBranch.toObjects()).toEqual([{ n: 10n }]);
    expect(await world.rows('select count(*) from facts.events')).toEqual(['["5"]']);
    world.write('audits/no_sevens.sql', 'select * from staged where false');
    await world.reopen();
    await world.publish('event_load');
    expect(await world.leftovers()).toEqual([]);
  });

  it('of source_to_target_count, no_missing_events, not_null and unique says what is wrong', async () => {
    const cases = [
      [['source_to_target_count'], 'select id, ts from e where id <> 3', { expected: '10', actual: '9' }],
      [
        [{ no_missing_events: { source: 'e', key: 'id' } }],
        'select id, ts from e where id <> 3',
        { expected: '0', actual: '1', sample: [{ missing_key: '3' }] },
      ],
      [
        [{ not_null: { columns: ['id'] } }],
        'select nullif(id, 3) as id, ts from e',
        { expected: '0', actual: '1' },
      ],
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
      expect((await world.run())[0]).toMatchObject({
        status: 'audit-failed',
        audits: [{ status: 'failed', ...expected }],
      });
    }
  });

  it('of severity warn is reported, and publishes', async () => {
    const world = await worldForTest({
      processes: [eventProcess([{ sql: 'audits/no_sevens.sql', severity: 'warn' }])],
      files,
    });
    await world.create('raw.events', EVENTS);
    await world.land('raw.events', events(0, 20, 0));
    expect(await world.publish('event_load')).toMatchObject({
      audits: [{ severity: 'warn', status: 'failed', actual: '2' }],
      error: null,
    });
    expect(await world.rows('select count(*) from facts.events')).toEqual(['["20"]']);
  });

  it('sees the staged rows, the sources of the session and the whole target as it will be', async () => {
    const audit =
      'select (select count(*) from staged) as staged, (select count(*) from target) as whole, (select count(*) from e) as read, $psyberg_session_id as session';
    const world = await worldForTest({
      processes: [eventProcess([{ sql: 'audits/all.sql', severity: 'warn' }])],
      files: { 'audits/all.sql': audit },
    });
    await world.create('raw.events', EVENTS);
    await world.land('raw.events', events(0, 20, 0));
    await world.publish('event_load');
    await world.land('raw.events', events(20, 5, 0));
    const record = await world.publish('event_load');
    expect(record.audits[0]?.sample).toEqual([
      { staged: '5', whole: '25', read: '5', session: record.psyberg_session_id },
    ]);
  });
});

describe('rows that failed an audit', () => {
  const FAILURES = 'psyberg.psyberg_audit_failure';
  const files = {
    'audits/no_sevens.sql': 'select id, ts, [id, 2::bigint] as nested from staged where id % 10 = 7',
  };

  it('are kept with process, session and audit, whether the audit blocks or warns, and no more of them than asked for', async () => {
    const audits = [
      { sql: 'audits/no_sevens.sql' },
      { unique: { columns: ['ts'] }, severity: 'warn' },
      { not_null: { columns: ['id'] } },
      'source_to_target_count',
    ];
    const world = await worldForTest({
      processes: [eventProcess(audits, 'select id, ts from e where id <> 3')],
      files,
    });
    world.write('psyberg.yaml', 'name: world\ncatalog:\n  warehouse: warehouse\naudit_failure_rows: 12\n');
    await world.reopen();
    await world.create('raw.events', EVENTS);
    await world.land('raw.events', `${events(0, 200, 0)} union all ${events(3600, 1, 0)}`);
    const [record] = await world.run();
    expect([record?.status, record?.audits.map((audit) => [audit.status, audit.sample.length])]).toEqual([
      'audit-failed',
      [
        ['failed', 10],
        ['failed', 1],
        ['passed', 0],
        ['failed', 0],
      ],
    ]);
    // Written although nothing else is: no target, no watermark.
    expect(await targetExists(world)).toBe(false);
    const session = record?.psyberg_session_id;
    expect(
      await world.rows(
        `select process_name, psyberg_session_id, audit_name, severity, target_table, failing_rows, count(*), count(created_at) from ${FAILURES} group by all`,
      ),
    ).toEqual([
      `["event_load","${session}","no_sevens","block","facts.events","20","12","12"]`,
      `["event_load","${session}","source_to_target_count","block","facts.events",null,"1","1"]`,
      `["event_load","${session}","unique","warn","facts.events","1","1","1"]`,
    ]);
    expect(
      await world.rows(`select failing_row from ${FAILURES} where audit_name = 'source_to_target_count'`),
    ).toEqual(['["{\\"expected\\":\\"201\\",\\"actual\\":\\"200\\"}"]']);
    // Rows as JSON: what SQL makes of them again is what failed.
    expect(
      await world.rows(
        `select distinct (failing_row->>'id')::bigint % 10, failing_row->>'$.nested[1]' from ${FAILURES} where audit_name = 'no_sevens'`,
      ),
    ).toEqual(['["7","2"]']);
    const { 'partition-specs': specs } = await world.metadata(FAILURES);
    expect(specs.at(-1)?.fields).toMatchObject([{ name: 'process_name', transform: 'identity' }]);
  });

  it('of an audit that warns are committed with what is published', async () => {
    const world = await worldForTest({
      processes: [eventProcess([{ sql: 'audits/no_sevens.sql', severity: 'warn' }])],
      files,
    });
    await world.create('raw.events', EVENTS);
    await world.land('raw.events', events(0, 20, 0));
    const record = await world.publish('event_load');
    expect(
      await world.rows(`select psyberg_session_id, severity, failing_row->>'id' from ${FAILURES}`),
    ).toEqual(['7', '17'].map((id) => `["${record.psyberg_session_id}","warn","${id}"]`).sort());
    await world.land('raw.events', events(20, 5, 0));
    await world.publish('event_load');
    expect(await world.rows(`select count(*) from ${FAILURES}`)).toEqual(['["2"]']);
  });

  it('stay few: of many sessions the newest are kept', { timeout: 240_000 }, async () => {
    const world = await worldForTest({ processes: [eventProcess([{ sql: 'audits/no_sevens.sql' }])], files });
    await world.create('raw.events', EVENTS);
    await world.land('raw.events', events(0, 10, 0));
    const sessions: string[] = [];
    for (let count = 0; count < 36; count += 1) {
      world.nowMs = Date.UTC(2024, 0, 1, 0, 0, count);
      sessions.push((await world.run())[0]?.psyberg_session_id as string);
    }
    const kept = (
      await world.sql(`select distinct psyberg_session_id as id from ${FAILURES} order by 1`)
    ).map((row) => row['id']);
    expect(kept).toEqual(sessions.slice(-kept.length));
    expect(kept.length).toBeGreaterThanOrEqual(30);
    expect(kept.length).toBeLessThan(36);
  });
});

describe('a branch whose audit failed', () => {
  it('never becomes a parent: its bad rows stay away from main when the next day passes', async () => {
    const world = await worldForTest({
      processes: [eventProcess([{ not_null: { columns: ['id'] } }], undefined, 'stateful')],
    });
    await world.create('raw.events', EVENTS, { partitionedBy: 'hour(ts)' });
    await world.land('raw.events', events(0, 5, 0));
    await world.publish('event_load');
    // Day N holds a bad row; its branch is left for a person to look at.
    await world.land('raw.events', `select null::bigint as id, timestamptz '${hourAt(24)}' as ts`);
    const [failed] = await world.run(undefined, { keepBranch: true });
    expect(failed?.status).toBe('audit-failed');
    expect(
      (
        await world.psyberg.sql('select count(*) as n from facts.events where id is null', {
          branch: failed?.branch as string,
        })
      ).toObjects(),
    ).toEqual([{ n: 1n }]);
    // Day N+1 is good, but N is still in it: nothing may pass.
    await world.land('raw.events', events(100, 5, 48));
    expect((await world.run())[0]?.status).toBe('audit-failed');
    expect(await world.rows('select count(*) from facts.events')).toEqual(['["5"]']);
    await world.changeFiles('raw.events', {
      operation: 'delete',
      remove: (found) => found.filter((file) => file.rows === 1n),
    });
    const record = await world.publish('event_load');
    expect(await world.rows('from facts.events')).toEqual(await world.rows('from raw.events'));
    const history = await world.history('facts.events');
    expect(history.map((snapshot) => String(snapshot['snapshot-id']))).toEqual([
      expect.any(String),
      record.published_snapshot_id,
    ]);
    expect(await world.leftovers()).toEqual([]);
  });
});

describe('the cost of an audit', () => {
  it('follows the cohort: of source and target only the files of the session are opened', async () => {
    const audits = [
      'source_to_target_count',
      { no_missing_events: { source: 'e', key: 'id' } },
      { not_null: { columns: ['id'] } },
      { unique: { columns: ['id'] } },
      { sql: 'audits/staged.sql' },
    ];
    const world = await worldForTest({
      processes: [eventProcess(audits)],
      files: { 'audits/staged.sql': 'select * from staged where id < 0' },
    });
    await world.create('raw.events', EVENTS, { partitionedBy: 'hour(ts)' });
    for (const hour of [0, 1, 2]) await world.land('raw.events', events(hour * 100, 50, hour));
    await world.publish('event_load');
    // Whatever opened one of these again would fail.
    for (const table of ['raw/events', 'facts/events'])
      for (const name of readdirSync(join(world.warehouse, table, 'data'), { recursive: true }).map(String))
        if (name.endsWith('.parquet'))
          writeFileSync(join(world.warehouse, table, 'data', name), 'no longer Parquet');
    await world.land('raw.events', events(1000, 10, 1));
    const record = await world.publish('event_load');
    expect([record.rows_read, record.audits.map((audit) => audit.status)]).toEqual([
      '10',
      audits.map(() => 'passed'),
    ]);
    expect(await world.run(undefined)).toMatchObject([{ status: 'nothing-new' }]);
  });
});

describe('a plan', () => {
  /** Every file of the warehouse and every row of the catalog's database. */
  function imageOf(world: World): Record<string, string> {
    const image: Record<string, string> = {};
    for (const name of readdirSync(world.root, { recursive: true, withFileTypes: true })) {
      const path = join(name.parentPath, name.name);
      // The database's own files change with each connection; its rows are compared instead.
      if (name.isFile() && !name.name.startsWith('catalog.db'))
        image[path] = createHash('sha256').update(readFileSync(path)).digest('hex');
    }
    const database = new DatabaseSync(join(world.warehouse, 'catalog.db'), { readOnly: true });
    for (const { name } of database.prepare("select name from sqlite_master where type = 'table'").all())
      image[`table ${name}`] = JSON.stringify(database.prepare(`select * from "${name}"`).all());
    database.close();
    return image;
  }

  it.each(['stateless', 'stateful'] as const)(
    'writes nothing, before a first run, with work, and with none (%s)',
    async (pattern) => {
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
    },
  );

  it('made before is run as it was made, or refused when it is stale', async () => {
    const world = await worldForTest({ processes: [eventProcess([])] });
    await world.create('raw.events', EVENTS);
    await world.land('raw.events', events(0, 20, 0));
    const plan = JSON.parse(JSON.stringify(await world.plan('event_load')));
    expect((await world.run(undefined, { plans: [plan] }))[0]).toMatchObject({
      status: 'published',
      psyberg_session_id: plan.psyberg_session_id,
    });
    expect((await world.run(undefined, { plans: [plan] }))[0]).toMatchObject({
      status: 'refused',
      error: { code: 'plan-stale', kind: 'refused' },
    });
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
        sources: [
          {
            table: 'raw.events',
            event_time: 'ts',
            alias: 'e',
            vtts: { sql: "select timestamp '2023-11-05 12:00:00'" },
          },
        ],
        target: { table: 'facts.zoned', event_time: 'h', partition_by: ['day(h)'] },
      },
      "select date_trunc('hour', ts) as h, count(*) as n, min(ts)::date as d, strftime(min(ts), '%H') as hour_text, $first_hour as first_hour from e group by 1",
    );
    const results = [];
    for (const zone of zones) {
      const world = await worldForTest({ processes: [process] });
      await world.create('raw.events', EVENTS, { partitionedBy: 'hour(ts)' });
      // The night in which Los Angeles has one hour twice.
      await world.land(
        'raw.events',
        "select i as id, timestamptz '2023-11-05 05:30:00Z' + to_minutes(i::int * 20) from range(30) t(i)",
      );
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
    expect(results[0]?.range).toEqual({
      first_hour: '2023-11-05T05:00:00Z',
      last_hour: '2023-11-05T11:00:00Z',
    });
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
  });
});
