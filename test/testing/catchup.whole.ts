// Goal: a test plays processes that limit how they catch up: each arrival is one session, and what they still owe at the
// end is loaded before it is judged, or, before a threshold, left out. Method: small projects in all orders; a process
// whose query means something else in parts than as a whole is found.
import { expect, it } from 'vitest';
import { cancel, makeTestProject, processText, testText } from './project.ts';

const COUNT = "select date_trunc('hour', cancel_ts) as cancel_ts, count(*) as n from cancels group by all";
const STATE = `select $range_start::timestamptz as state_hour, count(*) + coalesce((select max(n) from previous), 0) as n from cancels`;
const arrivals = [
  { 'raw.cancels': [cancel(1, 1), cancel(2, 2), cancel(3, 4), cancel(4, 6)] },
  { 'raw.cancels': [cancel(5, 7), cancel(6, 2)] },
  { 'raw.cancels': [cancel(7, 8), cancel(8, 5)] },
];

it('plays sessions of bounded size to their end', async () => {
  const project = makeTestProject({
    'processes/counted.sql': processText('counted', {
      sql: COUNT,
      more: 'catchup: { hours_per_session: 1 }\n',
    }),
    'processes/newest.sql': processText('newest', {
      sql: COUNT,
      more: 'catchup: { hours_per_session: 2, order: newest, load: changed }\n',
    }),
    'processes/state.sql': processText('state', {
      pattern: 'dimension',
      eventTime: 'state_hour',
      sql: STATE,
      more: 'catchup: { hours_per_session: 2 }\n',
    }),
    // The hours of a session are not those of the whole: the count depends on how many it loads.
    'processes/wrong.sql': processText('wrong', {
      sql: 'select cancel_ts, event_id, count(*) over () as n from cancels',
      more: 'catchup: { hours_per_session: 1 }\n',
    }),
    'tests/catchup.yaml': `tests:\n${['counted', 'newest', 'state', 'wrong'].map((name) => testText(name, name, arrivals)).join('')}`,
  });
  const { tests } = await project.run();
  expect(tests.map(({ name, status, orders, error }) => [name, status, orders, error])).toEqual([
    ['counted', 'passed', 6, null],
    ['newest', 'passed', 6, null],
    ['state', 'passed', 6, null],
    ['wrong', 'failed', expect.any(Number), null],
  ]);
});

it('leaves out what a threshold leaves owed, and judges the rest', async () => {
  const more = 'catchup: { threshold_hours: 2 }\n';
  const project = makeTestProject({
    'processes/counted.sql': processText('counted', { sql: COUNT, more }),
    'processes/state.sql': processText('state', {
      pattern: 'dimension',
      eventTime: 'state_hour',
      sql: STATE,
      more,
    }),
    'processes/days.sql': processText('days', {
      sql: 'select cancel_ts::date as cancel_ts, count(*) as n from cancels group by all',
      more,
    }),
    'processes/wrong.sql': processText('wrong', {
      sql: 'select cancel_ts, event_id, count(*) over () as n from cancels',
      more,
    }),
    'tests/catchup.yaml': `tests:\n${['counted', 'state', 'days', 'wrong'].map((name) => testText(name, name, arrivals)).join('')}`,
  });
  const { tests } = await project.run();
  expect(tests.map(({ name, status, error }) => [name, status, error])).toEqual([
    ['counted', 'passed', null],
    ['state', 'passed', null],
    ['days', 'passed', null],
    ['wrong', 'failed', null],
  ]);
});
