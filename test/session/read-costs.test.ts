// Goal: what a plan says it reads, and what a fixed lookback would read and miss, is so. Method: hours of a known
// number of rows, a file each; then late rows, for which a lookback is too short.
import { expect, it } from 'vitest';
import { processFile, worldForTest } from '../support/world.ts';

const COUNT = processFile(
  {
    process_name: 'count_load',
    pattern: 'stateful',
    sources: [{ table: 'raw.events', event_time: 'ts' }],
    target: { table: 'facts.counts', event_time: 'hour', partition_by: ['day(hour)'] },
    hours: 'touched',
  },
  "select date_trunc('hour', ts) as hour, count(*) as events from events group by all",
);
const LOAD = processFile(
  {
    process_name: 'event_load',
    pattern: 'stateless',
    sources: [{ table: 'raw.events' }, { table: 'ref.kinds', lookup: true }],
    target: { table: 'facts.events' },
  },
  'select e.*, name from events e join kinds using (id)',
);

const rows = (hour: number, count: number): string =>
  `select i as id, timestamptz '2023-09-14 00:00:00+00' + to_hours(${hour}) + to_seconds(i) as ts from range(${count}) as t(i)`;

it('counts the files of the hours that are read, beside those of lookbacks and what these miss', async () => {
  const world = await worldForTest({ processes: [COUNT, LOAD] });
  await world.create('ref.kinds', 'id bigint, name varchar');
  await world.land('ref.kinds', "select 1, 'a'");
  await world.create('raw.events', 'id bigint, ts timestamptz', { partitionedBy: 'hour(ts)' });
  for (let hour = 0; hour < 10; hour += 1) await world.land('raw.events', rows(hour, 100 + hour));
  // Nothing could be missed by a first load.
  const [first] = await world.psyberg.plan(['count_load'], { reads: true });
  expect(first?.reads).toEqual({ rows: '1045', files: 10, bytes: first?.sources[0]?.bytes, lookbacks: [] });
  // Of a table that is read whole all files count.
  const [whole] = await world.psyberg.plan(['event_load'], { reads: true });
  expect(whole?.reads).toMatchObject({ rows: '1046', files: 11 });
  expect(Number(whole?.reads?.bytes)).toBeGreaterThan(Number(first?.reads?.bytes));
  await world.publish('count_load');
  expect((await world.psyberg.plan(['count_load'], { reads: true }))[0]).not.toHaveProperty('reads');
  await world.land('raw.events', rows(10, 50));
  await world.land('raw.events', rows(2, 7));
  const [plan] = await world.psyberg.plan(['count_load'], { reads: true });
  // Hour 10, and hour 2 with the rows that it had.
  expect(plan?.reads).toMatchObject({ rows: String(50 + 102 + 7), files: 3 });
  expect(plan?.reads?.lookbacks).toMatchObject([
    { lookback_hours: 1, rows: String(109 + 50), files: 2, missed_hours: 1, missed_rows: '7' },
    { lookback_hours: 3, rows: String(107 + 108 + 109 + 50), files: 4, missed_hours: 1, missed_rows: '7' },
    {
      lookback_hours: 6,
      rows: String(104 + 105 + 106 + 107 + 108 + 109 + 50),
      missed_hours: 1,
      missed_rows: '7',
    },
    { lookback_hours: 12, rows: String(1045 + 57), files: 12, missed_hours: 0, missed_rows: '0' },
  ]);
  expect(plan?.explain()).toMatch(/lookback 3 h +374 +4 .*misses 1 hour, 7 rows/);
  expect((await world.plan('count_load')).reads).toBeUndefined();
});
