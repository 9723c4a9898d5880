// Goal: a failed audit publishes nothing and leaves nothing; its cost follows the cohort. Method: sessions on real
// tables, branches and files looked at afterwards.
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { auditedProcess, targetExists } from '../support/audited-events.ts';
import { events } from '../support/event-tables.ts';
import { hourAt, tableId, worldForTest } from '../support/world.ts';

const EVENTS = 'id bigint, ts timestamptz';

describe('a failing blocking audit', () => {
  const BAD = 'select * from staged where id % 10 = 7';
  const files = { 'audits/no_sevens.sql': BAD };

  it('publishes nothing, and names what it expected, what it found, and ten rows', async () => {
    const world = await worldForTest({
      processes: [auditedProcess([{ sql: 'audits/no_sevens.sql' }, { not_null: { columns: ['id'] } }])],
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
    const world = await worldForTest({
      processes: [auditedProcess([{ sql: 'audits/no_sevens.sql' }])],
      files,
    });
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
    const world = await worldForTest({
      processes: [auditedProcess([{ sql: 'audits/no_sevens.sql' }])],
      files,
    });
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
      world.writeProcess(auditedProcess(audits, sql));
      await world.reopen();
      expect((await world.run())[0]).toMatchObject({
        status: 'audit-failed',
        audits: [{ status: 'failed', ...expected }],
      });
    }
  });

  it('of severity warn is reported, and publishes', async () => {
    const world = await worldForTest({
      processes: [auditedProcess([{ sql: 'audits/no_sevens.sql', severity: 'warn' }])],
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
      processes: [auditedProcess([{ sql: 'audits/all.sql', severity: 'warn' }])],
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

describe('a branch whose audit failed', () => {
  it('never becomes a parent: its bad rows stay away from main when the next day passes', async () => {
    const world = await worldForTest({
      processes: [auditedProcess([{ not_null: { columns: ['id'] } }], undefined, 'stateful')],
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
      processes: [auditedProcess(audits)],
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
