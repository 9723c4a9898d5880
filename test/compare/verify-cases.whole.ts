// Goal: verify neither finds a fault where a process leaves hours or rows out on purpose, nor misses one beside
// them. Method: hours that are owed, rows of the future, lookups that changed, files, and places to begin at.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { appendProcess, countProcess, EVENTS, events } from '../support/count-events.ts';
import { expectFaultFound, expectVerified } from '../support/verified.ts';
import { hourAt, msAt, processFile, type World, worldForTest } from '../support/world.ts';

/** The second source is not counted: it only says up to which hour the first one is loaded. */
const ofTwoSources = countProcess({
  header: {
    sources: [
      { table: 'raw.events', event_time: 'ts', alias: 'e' },
      { table: 'raw.others', event_time: 'ts', alias: 'o' },
    ],
  },
});

const verified = async (world: World, name: string) => (await world.psyberg.verify([name]))[0];

it('leaves out what is owed: hours that one source holds back, and rows of the future', async () => {
  const world = await worldForTest({ processes: [ofTwoSources] });
  world.nowMs = msAt(12);
  for (const table of ['raw.events', 'raw.others']) await world.create(table, EVENTS);
  await world.land(
    'raw.events',
    `${events(0, 9, 1)} union all ${events(10, 9, 5)} union all ${events(20, 1, 40)}`,
  );
  await world.land('raw.others', events(0, 9, 3));
  await world.publish('count_load');
  const found = await expectVerified(world, 'count_load');
  expect(found).toMatchObject({ range: { first_hour: hourAt(1), last_hour: hourAt(3) }, rows_found: '1' });
  expect(await expectFaultFound(world, { name: 'count_load', table: 'facts.counts', time: 'h' })).toBe(true);
});

it('leaves out what an adopted target holds of hours that are not complete, until they are made', async () => {
  const world = await worldForTest({ processes: [ofTwoSources] });
  for (const table of ['raw.events', 'raw.others']) await world.create(table, EVENTS);
  await world.land('raw.events', `${events(0, 9, 1)} union all ${events(10, 9, 5)}`);
  await world.land('raw.others', events(0, 9, 3));
  await world.create('facts.counts', 'h timestamptz, n bigint, ids bigint');
  const counts = `select date_trunc('hour', ts) as h, count(*) as n, sum(id)::bigint as ids from raw.events group by 1`;
  await world.land('facts.counts', counts);
  await world.psyberg.adopt('count_load');
  expect(await verified(world, 'count_load')).toMatchObject({
    ...{ status: 'equal', rows_found: '1', extra: '0' },
    notes: [expect.stringContaining(`hours of ${hourAt(5)} to ${hourAt(5)} were there`)],
  });
  await world.land('raw.others', events(10, 9, 5));
  await world.publish('count_load');
  expect(await verified(world, 'count_load')).toMatchObject({ status: 'equal', rows_found: '2', notes: [] });
  expect(await expectFaultFound(world, { name: 'count_load', table: 'facts.counts', time: 'h' })).toBe(true);
});

it('finds a row above the last complete hour', async () => {
  const world = await worldForTest({ processes: [countProcess()] });
  await world.create('raw.events', EVENTS);
  await world.land('raw.events', events(0, 9, 1));
  await world.publish('count_load');
  await world.changeFiles('facts.counts', {
    operation: 'append',
    insert: `select timestamptz '${hourAt(7)}' as h, 1::bigint as n, 1::bigint as ids`,
  });
  expect(await verified(world, 'count_load')).toMatchObject({
    ...{ status: 'different', missing: '0', extra: '1' },
    hours: [{ hour: hourAt(7), rows_expected: '0', rows_found: '1' }],
  });
});

it('reads each hour with the lookup that it was made with', async () => {
  const world = await worldForTest({
    processes: [
      processFile(
        {
          process_name: 'named_load',
          pattern: 'stateful',
          sources: [
            { table: 'raw.events', event_time: 'ts', alias: 'e' },
            { table: 'ref.names', alias: 'names', lookup: true },
          ],
          target: { table: 'facts.named', event_time: 'ts' },
        },
        'select id, ts, name from e left join names using (id)',
      ),
    ],
  });
  await world.create('raw.events', EVENTS);
  await world.create('ref.names', 'id bigint, name varchar');
  await world.land('ref.names', "select 1::bigint as id, 'first' as name");
  await world.land('raw.events', events(1, 1, 1));
  await world.publish('named_load');
  await world.sql("update ref.names set name = 'second'");
  await world.land(
    'raw.events',
    `select 1::bigint as id, timestamptz '${hourAt(2)}' as ts, 2 as landing_hour`,
  );
  await world.publish('named_load');
  expect(await world.rows('select name from facts.named order by ts')).toEqual(['["first"]', '["second"]']);
  await expectVerified(world, 'named_load');
  await world.sql("update facts.named set name = 'second'");
  expect(await verified(world, 'named_load')).toMatchObject({
    ...{ status: 'different', missing: '1', extra: '1' },
    hours: [{ hour: hourAt(1) }],
  });
});

it('reads files again, and says which one is gone', async () => {
  const world = await worldForTest({
    processes: [
      processFile(
        {
          process_name: 'orders_load',
          pattern: 'stateless',
          sources: [{ files: 'landing/*.jsonl', alias: 'orders' }],
          target: { table: 'raw.orders' },
        },
        'select id, amount, filename, $landed_at as landed_at, $psyberg_session_id as session from orders',
      ),
    ],
  });
  mkdirSync(join(world.root, 'landing'), { recursive: true });
  const put = (name: string, id: number): void =>
    writeFileSync(join(world.root, 'landing', name), `${JSON.stringify({ id, amount: id / 4 })}\n`);
  put('a.jsonl', 1);
  await world.publish('orders_load');
  put('b.jsonl', 2);
  await world.publish('orders_load');
  put('c.jsonl', 3);
  const found = await expectVerified(world, 'orders_load');
  expect(found).toMatchObject({ rows_expected: '2', notes: [expect.stringContaining('landed_at, session')] });
  expect(await expectFaultFound(world, { name: 'orders_load', table: 'raw.orders', time: 'id' })).toBe(true);
  rmSync(join(world.root, 'landing', 'a.jsonl'));
  expect(await verified(world, 'orders_load')).toMatchObject({
    status: 'failed',
    error: { code: 'not-verifiable', message: expect.stringContaining('landing/a.jsonl') },
  });
});

it('knows where a process began', async () => {
  const world = await worldForTest({
    processes: [appendProcess({ start: 'now' }), countProcess({ source: { start: 'now' } })],
  });
  await world.create('raw.events', EVENTS);
  await world.land('raw.events', `${events(0, 9, 1)} union all ${events(10, 9, 2)}`);
  await world.run();
  await world.land('raw.events', `${events(30, 9, 2)} union all ${events(50, 9, 4)}`);
  await world.run();
  for (const [name, table, time] of [
    ['signup_load', 'facts.signups', 'ts'],
    ['count_load', 'facts.counts', 'h'],
  ] as const) {
    const { rows_found: rows } = await expectVerified(world, name);
    expect(rows).toBe({ signup_load: '18', count_load: '2' }[name]);
    expect(await expectFaultFound(world, { name, table, time })).toBe(true);
  }
});
