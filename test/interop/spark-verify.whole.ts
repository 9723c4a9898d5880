// Goal: `verify` of a process on Spark tells whether its target is what Spark makes of its sources, whoever made the
// target: so it proves that a process that moves to Spark means the same. Method: targets of both engines with
// values of all types, moved processes that mean the same and such that do not, somebody else's commits, and what is
// left behind afterwards.
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { orphans } from '../support/orphans.ts';
import { expectFaultFound, expectVerified } from '../support/verified.ts';
import { hourAt, processFile, type World, type WorldOptions } from '../support/world.ts';
import { missingJava } from './java/java.ts';
import { sharedSpark } from './spark/shared.ts';
import { sparkWorld, type Twin, twins } from './spark/worlds.ts';

const missing = await missingJava();
beforeAll(async () => {
  if (missing === undefined) await sharedSpark();
}, 600_000);

const EVENTS = { table: 'raw.events', event_time: 'ts', alias: 'e' };
const BY_HOUR = { event_time: 'hour', partition_by: ['hour(hour)'] };
const BY_TS = { event_time: 'ts', partition_by: ['hour(ts)'] };

const events = (first: number, count: number, hour: number): string =>
  `select range as id, timestamptz '${hourAt(hour)}' + to_minutes(range % 60) as ts, range % 3 as kind from range(${first}, ${first + count})`;

async function worldFor(options: WorldOptions): Promise<World> {
  const world = await sparkWorld(options);
  onTestFinished(() => world.close());
  return world;
}

/** Nothing of a verification stays. */
async function expectNothingLeft(world: World): Promise<void> {
  expect(await world.leftovers()).toEqual([]);
  expect(await orphans(world)).toEqual([]);
}

const PROCESSES: readonly Twin[] = [
  {
    name: 'appended',
    header: { pattern: 'stateless', sources: [EVENTS], target: { partition_by: ['bucket(4, id)'] } },
    duckdb: 'select id, ts, kind, $psyberg_session_id as session from e',
  },
  {
    name: 'counted',
    header: { pattern: 'stateful', sources: [EVENTS], target: BY_HOUR },
    duckdb:
      "select date_trunc('hour', ts) as hour, count(*) as n, cast(sum(id) as bigint) as total from e group by 1",
  },
  {
    name: 'joined',
    header: {
      pattern: 'stateful',
      hours: 'touched',
      sources: [
        EVENTS,
        { table: 'raw.marks', event_time: 'ts', alias: 'm', window: { before: '2h', key: 'id' } },
        { table: 'raw.kinds', alias: 'k', lookup: true },
      ],
      target: BY_TS,
    },
    duckdb:
      'select e.id, e.ts, e.kind, k.name, count(m.id) as marks from e join k on k.kind = e.kind left join m on m.id = e.id and m.ts <= e.ts group by all',
  },
  {
    name: 'running',
    header: { pattern: 'dimension', sources: [EVENTS], target: BY_HOUR },
    duckdb:
      "select $range_start at time zone 'UTC' as hour, cast((select coalesce(max(total), 0) from previous) + count(*) as bigint) as total from e",
    spark:
      'select $range_start as hour, cast((select coalesce(max(total), 0) from previous) + count(*) as bigint) as total from e',
  },
];

describe.skipIf(missing !== undefined)('a target of a process on Spark', () => {
  it('is verified on Spark, and what somebody else changed in it is found', {
    timeout: 600_000,
  }, async () => {
    const world = await worldFor({ processes: PROCESSES.flatMap(twins) });
    await world.create('raw.events', 'id bigint, ts timestamptz, kind bigint', { partitionedBy: 'hour(ts)' });
    await world.create('raw.marks', 'id bigint, ts timestamptz');
    await world.create('raw.kinds', 'kind bigint, name varchar');
    await world.land('raw.kinds', "select range as kind, 'kind ' || range as name from range(3)");
    await world.land('raw.events', [0, 1, 3].map((hour) => events(hour * 10, 5, hour)).join(' union all '));
    await world.land('raw.marks', `select 11 as id, timestamptz '${hourAt(0)}' as ts`);
    for (const { name } of PROCESSES) {
      expect((await world.psyberg.verify([`${name}_spark`]))[0]?.status).toBe('not-published');
      await world.publish(`${name}_spark`);
    }
    await world.land('raw.events', events(100, 3, 1));
    // The lookup has another state in later sessions.
    await world.sql("update raw.kinds set name = 'other' where kind = 2");
    await world.land('raw.events', events(200, 3, 2));
    await world.run(PROCESSES.map(({ name }) => `${name}_spark`));
    for (const { name } of PROCESSES) {
      const found = await expectVerified(world, `${name}_spark`);
      expect(Number(found.rows_expected), name).toBeGreaterThan(3);
      expect(found.rows_found).toBe(found.rows_expected);
    }
    const [hours] = await world.psyberg.verify(['running_spark'], { hours: '2023-09-14T01..2023-09-14T02' });
    expect(hours).toMatchObject({ status: 'equal', hours_compared: 2, error: null });
    await expectNothingLeft(world);
    for (const name of ['counted', 'running'])
      expect(
        await expectFaultFound(world, { name: `${name}_spark`, table: `facts.${name}_spark`, time: 'hour' }),
      ).toBe(true);
    expect(await world.leftovers()).toEqual([]);
  });

  it('that DuckDB made proves the move, or shows in which rows the two differ', {
    timeout: 600_000,
  }, async () => {
    const values = {
      process_name: 'values',
      pattern: 'stateful',
      sources: [{ table: 'raw.values', event_time: 'ts', alias: 'v' }],
      target: { table: 'facts.values', ...BY_TS },
    };
    const days = {
      process_name: 'days',
      pattern: 'stateful',
      sources: [EVENTS],
      target: { table: 'facts.days', ...BY_TS },
    };
    const world = await worldFor({
      processes: [
        processFile(values, 'select * from v'),
        processFile(days, "select id, ts, dayofweek(ts) as day, concat('k', nullif(kind, 1)) as k from e"),
      ],
    });
    await world.create('raw.events', 'id bigint, ts timestamptz, kind bigint');
    await world.land('raw.events', events(0, 6, 0));
    await world.create(
      'raw.values',
      'id bigint, ts timestamptz, plain timestamp, day date, d double, f float, n decimal(38, 10), s varchar, b blob, l integer[], st struct(a integer, b varchar), m map(varchar, double), yes boolean',
    );
    const row = (id: number, d: string): string =>
      `select ${id}, timestamptz '${hourAt(id % 3)}' + interval '123456 microseconds', timestamp '1969-12-31 23:59:59.999999', date '1900-02-28', ${d}::double, ${d}::float, 1234567890123456789012345678.0123456789::decimal(38, 10), 'ä''"\\\`' || chr(10) || '${id}', 'a\\x00b'::blob, [1, null], {'a': 1, 'b': null}, map {'x': ${d}::double}, ${id} = 1`;
    await world.land(
      'raw.values',
      ["'nan'", "'-infinity'", "'-0.0'", "'0.1'", "'1e30'"]
        .map((value, index) => row(index, value))
        .concat(
          `select 9, timestamptz '${hourAt(1)}', null, null, null, null, null, null, null, null, null, null, null`,
        )
        .join(' union all '),
    );
    await world.publish('values');
    await world.publish('days');
    world.writeProcess(processFile({ ...values, engine: 'spark' }, 'select * from v'));
    world.writeProcess(
      processFile(
        { ...days, engine: 'spark' },
        "select id, ts, dayofweek(ts) - 1 as day, concat('k', coalesce(cast(nullif(kind, 1) as string), '')) as k from e",
      ),
    );
    await world.reopen();
    expect(await expectVerified(world, 'values')).toMatchObject({ rows_expected: '6', rows_found: '6' });
    await expectVerified(world, 'days');
    // What it adds from then on is as if it had always been there.
    await world.land('raw.values', row(1, "'0.5'"));
    await world.publish('values');
    expect(await expectVerified(world, 'values')).toMatchObject({ rows_expected: '7', rows_found: '7' });
    // Taken over as they stand: 0 is Sunday there, 1 here, and concat has a NULL.
    world.writeProcess(
      processFile(
        { ...days, engine: 'spark' },
        "select id, ts, dayofweek(ts) as day, concat('k', nullif(kind, 1)) as k from e",
      ),
    );
    await world.reopen();
    const [found] = await world.psyberg.verify(['days']);
    expect(found).toMatchObject({ status: 'different', missing: '6', extra: '6', error: null });
    expect(found?.sample.missing[0]).toMatchObject({ id: 0n, day: 5n });
    expect(found?.sample.extra[0]).toMatchObject({ id: 0n, day: 4n });
    // What Spark cannot write into the target is no difference, and no agreement.
    world.writeProcess(
      processFile({ ...days, engine: 'spark' }, "select id, ts, 'x' as day, 'k' as k from e"),
    );
    world.writeProcess(processFile({ ...values, engine: 'spark' }, 'select id, ts, nope from v'));
    await world.reopen();
    expect(await world.psyberg.verify(['days', 'values'])).toMatchObject([
      { status: 'failed', error: { code: 'process-sql-failed' } },
      { status: 'failed', error: { code: 'process-sql-failed', message: expect.stringContaining('nope') } },
    ]);
    await expectNothingLeft(world);
  });
});
