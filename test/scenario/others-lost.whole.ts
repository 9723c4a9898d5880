// Goal: what made users of other tools lose or double rows when publishing does neither here. Method: their
// cases, each named by its public thread, played through sessions.
import { describe, expect, it } from 'vitest';
import { mainSnapshot } from '../../src/iceberg/history.ts';
import { hourAt, type ProcessFile, processFile, worldForTest } from '../support/world.ts';

const EVENTS = 'id bigint, ts timestamptz';
const events = (first: number, count: number, hour: number): string =>
  `select i as id, timestamptz '${hourAt(hour)}' + to_seconds(i) as ts from range(${first}, ${first + count}) t(i)`;
const processOf = (name: string, pattern: string, more: object = {}): ProcessFile =>
  processFile(
    {
      process_name: `${name}_load`,
      pattern,
      sources: [{ table: 'raw.events', event_time: 'ts', alias: 'e' }],
      target: { table: `facts.${name}`, event_time: 'ts' },
      ...more,
    },
    'select id, ts from e',
  );

describe('what others lost or doubled', () => {
  it('dbt-labs/dbt-core#10800: a second run repeats the process that failed, and none of those that did not', async () => {
    const world = await worldForTest({
      files: { 'audits/small.sql': 'select * from staged where id >= 100' },
      processes: [
        processOf('good', 'stateless'),
        processOf('bad', 'stateless', { audits: [{ sql: 'audits/small.sql' }] }),
        processOf('late', 'stateful'),
      ],
    });
    await world.create('raw.events', EVENTS);
    await world.land('raw.events', `${events(0, 5, 0)} union all ${events(100, 5, 1)}`);
    const statuses = async (): Promise<Record<string, string>> =>
      Object.fromEntries((await world.run()).map((record) => [record.process_name, record.status]));
    expect(await statuses()).toEqual({
      good_load: 'published',
      bad_load: 'audit-failed',
      late_load: 'published',
    });
    expect(await statuses()).toEqual({
      good_load: 'nothing-new',
      bad_load: 'audit-failed',
      late_load: 'nothing-new',
    });
    world.write('audits/small.sql', 'select * from staged where id >= 1000');
    await world.reopen();
    expect(await statuses()).toEqual({
      good_load: 'nothing-new',
      bad_load: 'published',
      late_load: 'nothing-new',
    });
    for (const table of ['facts.good', 'facts.bad', 'facts.late'])
      expect(await world.rows(`from ${table}`), table).toEqual(await world.rows('from raw.events'));
  });

  it('apache/iceberg#14953: of a session that staged several snapshots every one is published', async () => {
    // The hours straddle the one file of the target: other rows are carried over in a snapshot of their own.
    const world = await worldForTest({ processes: [processOf('staged', 'stateful')] });
    await world.create('raw.events', EVENTS);
    await world.land('raw.events', [0, 1, 2].map((hour) => events(hour * 10, 5, hour)).join(' union all '));
    await world.publish('staged_load');
    await world.land('raw.events', events(100, 5, 1));
    const steps: string[] = [];
    await world.reopen({ onStep: (message) => void steps.push(message) });
    await world.publish('staged_load');
    expect(steps.filter((step) => /load (carry_over|write|insert)/.test(step)).length).toBeGreaterThan(1);
    expect(await world.rows('from facts.staged')).toEqual(await world.rows('from raw.events'));
    expect(await world.history('facts.staged')).toHaveLength(2);
    expect(Object.keys((await world.metadata('facts.staged')).refs ?? {})).toEqual(['main']);
  });

  it('apache/iceberg#15512: a delete on a branch is planned on its rows, and leaves those of main alone', async () => {
    const world = await worldForTest({
      files: { 'audits/none.sql': 'select * from staged where id >= 100' },
      processes: [processOf('branched', 'stateless', { audits: [{ sql: 'audits/none.sql' }] })],
    });
    await world.create('raw.events', EVENTS);
    await world.land('raw.events', events(0, 5, 0));
    await world.publish('branched_load');
    const main = mainSnapshot(await world.metadata('facts.branched'));
    await world.land('raw.events', events(100, 5, 1));
    const [record] = await world.run(undefined, { keepBranch: true });
    const branch = record?.branch as string;
    const ids = async (): Promise<unknown[]> =>
      (await world.psyberg.sql('select id from facts.branched order by id', { branch }))
        .toObjects()
        .map((row) => row['id']);
    expect(await ids()).toEqual([0n, 1n, 2n, 3n, 4n, 100n, 101n, 102n, 103n, 104n]);
    await world.psyberg.sql('delete from facts.branched where id in (1, 101)', { branch });
    expect(await ids()).toEqual([0n, 2n, 3n, 4n, 100n, 102n, 103n, 104n]);
    expect(mainSnapshot(await world.metadata('facts.branched'))).toEqual(main);
    expect(await world.rows('select count(*) from facts.branched')).toEqual(['["5"]']);
  });

  it('SQLMesh/sqlmesh#2033: a session without rows adds none', async () => {
    const world = await worldForTest({
      processes: [
        processFile({ ...processOf('none', 'stateless').header }, 'select id, ts from e where id < 5'),
      ],
    });
    await world.create('raw.events', EVENTS);
    await world.land('raw.events', events(0, 5, 0));
    await world.publish('none_load');
    await world.land('raw.events', events(100, 5, 1));
    expect(await world.publish('none_load')).toMatchObject({ rows_read: '5', rows_written: '0' });
    expect((await world.run())[0]?.status).toBe('nothing-new');
    expect(await world.rows('from facts.none')).toEqual(await world.rows('from raw.events where id < 5'));
  });

  it('apache/iceberg#744: expiring the snapshots of a session that was published takes none of its files', async () => {
    const world = await worldForTest({ processes: [processOf('expired', 'stateful')] });
    await world.create('raw.events', EVENTS);
    for (const hour of [0, 1, 1]) {
      await world.land('raw.events', events(hour * 10, 5, hour));
      await world.publish('expired_load');
    }
    await world.psyberg.maintain(['facts.expired'], {
      only: ['expire', 'orphans'],
      olderThanMs: 0,
      orphanGraceMs: 0,
      force: true,
    });
    expect(await world.history('facts.expired')).toHaveLength(1);
    expect(await world.rows('from facts.expired')).toEqual(await world.rows('from raw.events'));
  });
});
