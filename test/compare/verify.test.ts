// Goal: verify finds every fault in a published target, and none where there is none. Method: one world with
// a process of each pattern and their late rows; faults are put into the targets by commits of others that
// leave what a session published of its progress.
import { expect, it } from 'vitest';
import { countProcess, EVENTS, events } from '../support/count-events.ts';
import { hourAt, processFile, worldForTest } from '../support/world.ts';
import { publishedWorld, short, verified } from './published-world.ts';

it('gives a query over days the range of a session: from the first midnight on', async () => {
  const file = processFile(
    {
      process_name: 'days_load',
      pattern: 'stateful',
      grain: 'day',
      sources: [{ table: 'raw.events', event_time: 'ts', alias: 'e' }],
      target: { table: 'facts.days', event_time: 'day' },
    },
    "select date_trunc('day', ts) as day, count(*) as n from e group by 1 having min(date_trunc('day', ts)) >= $range_start",
  );
  const world = await worldForTest({ processes: [file] });
  await world.create('raw.events', 'ts timestamptz');
  await world.land(
    'raw.events',
    [7, 23, 30, 47].map((hour) => `select timestamptz '${hourAt(hour)}'`).join(' union all '),
  );
  expect((await world.run())[0]).toMatchObject({ error: null, status: 'published' });
  expect(await world.rows('select n from facts.days')).toEqual(['["2"]', '["2"]']);
  expect(short(await verified(world, 'days_load'))).toMatchObject({ status: 'equal' });
});

it('finds nothing where there is nothing, over all patterns, and a row that somebody changed', async () => {
  const world = await publishedWorld();
  const before = await world.metadata('facts.counts');
  const found = await world.psyberg.verify();
  expect(found.map(({ process_name: name, status, error }) => [name, status, error])).toEqual([
    ['count_load', 'equal', null],
    ['signup_load', 'equal', null],
    ['state_load', 'equal', null],
  ]);
  expect(found.map((each) => [each.rows_expected, each.rows_found, each.hours_compared])).toEqual([
    ['5', '5', 5],
    ['33', '33', 5],
    ['15', '15', 5],
  ]);
  expect(found[0]?.range).toEqual({ first_hour: hourAt(0), last_hour: hourAt(4) });
  expect(found[1]?.range).toBeNull();
  // Nothing was written, and the sources have news that no session has read.
  expect((await world.metadata('facts.counts'))['last-sequence-number']).toBe(before['last-sequence-number']);
  await world.land('raw.events', events(90, 5, 2, 5));
  expect(short(await verified(world, 'count_load')).status).toBe('equal');
  await world.changeFiles('facts.states', {
    operation: 'overwrite',
    remove: (files) => files,
    insert: `select * replace (case when hour = timestamptz '${hourAt(2)}' and kind = 1 then 7 else kind end as kind) from facts.states`,
  });
  const changed = await verified(world, 'state_load');
  expect(short(changed)).toEqual({ status: 'different', missing: '1', extra: '1', hours: [hourAt(2)] });
  expect(changed.sample).toMatchObject({
    missing: [{ hour: hourAt(2), kind: 1n }],
    extra: [{ kind: 7n }],
  });
  const only = await verified(world, 'state_load', '2023-09-14T01');
  expect({ ...short(only), range: only.range }).toEqual({
    ...{ status: 'equal', missing: '0', extra: '0', hours: [] },
    range: { first_hour: hourAt(1), last_hour: hourAt(1) },
  });
  const [outside] = await world.psyberg.verify(['count_load'], { hours: '2023-09-14T09' });
  expect(outside).toMatchObject({ status: 'failed', error: { code: 'hours-invalid' } });
  await expect(world.psyberg.verify(['count_load'], { hours: 'soon' })).rejects.toMatchObject({
    code: 'hours-invalid',
  });
  await expect(world.psyberg.verify(['no_load'])).rejects.toMatchObject({ code: 'process-unknown' });
});

it('says what keeps it from comparing', async () => {
  const world = await worldForTest({ processes: [countProcess()] });
  await world.create('raw.events', EVENTS);
  expect((await world.psyberg.verify(['count_load']))[0]).toMatchObject({
    status: 'not-published',
    error: { code: 'not-published', hint: expect.stringContaining('psyberg run count_load') },
  });
  expect((await world.psyberg.verify())[0]).toMatchObject({ status: 'not-published', error: null });
  await world.land('raw.events', events(0, 5, 1));
  await world.publish('count_load');
  const [read] = await world.history('raw.events');
  await world.land('raw.events', events(10, 5, 1));
  // The process holds what it has read by a tag; somebody took both away.
  await world
    .commit('raw.events', [{ action: 'remove-snapshot-ref', 'ref-name': 'psyberg_count_load' }])
    .catch(() => undefined);
  await world.expire('raw.events', [read?.['snapshot-id'] as bigint]);
  expect((await world.psyberg.verify(['count_load']))[0]).toMatchObject({
    status: 'failed',
    error: { code: 'history-expired', hint: expect.stringContaining('psyberg run count_load') },
  });
});
