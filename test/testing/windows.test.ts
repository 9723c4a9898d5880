// Goal: a test with arrivals judges a process with windows by the same SQL over whole tables: every order of late
// requests and cancels ends there, a window that is too short is found. Method: small processes, played in all orders.
import { expect, it } from 'vitest';
import { cancel, makeTestProject, processText, request, testText } from './project.ts';

const within = (hours: number): string => `select event_id, account_id, cancel_ts, exists (
  from requests where requests.account_id = cancels.account_id
    and date_trunc('hour', request_ts) between date_trunc('hour', cancel_ts) - interval ${hours} hour and cancel_ts) as voluntary
from cancels`;
const windowed = (window: string): string =>
  `  - { table: raw.requests, event_time: request_ts, window: ${window} }\n`;

it('judges windows by the SQL over whole tables, in every order', async () => {
  const arrivals = [
    { 'raw.cancels': [cancel(1, 5)], 'raw.requests': [request(1, 5)] },
    { 'raw.requests': [request(1, 3), request(2, 4)] },
    { 'raw.cancels': [cancel(2, 6, 2), cancel(3, 7, 1)], 'raw.requests': [request(9, 7)] },
  ];
  const project = makeTestProject({
    'processes/right.sql': processText('right', {
      sources: windowed('{ before: 3h, key: account_id }'),
      sql: within(3),
    }),
    'processes/after.sql': processText('after', {
      sources: windowed('{ after: 2h }'),
      sql: `select event_id, cancel_ts, (select count(*) from requests where requests.account_id = cancels.account_id
        and date_trunc('hour', request_ts) between date_trunc('hour', cancel_ts) and date_trunc('hour', cancel_ts) + interval 2 hour) as requests
      from cancels`,
    }),
    'processes/state.sql': processText('state', {
      pattern: 'dimension',
      eventTime: 'state_hour',
      sources: windowed('{ before: 3h }'),
      sql: `select $first_hour::timestamptz as state_hour, account_id::bigint as account_id, bool_or(voluntary) as voluntary
from (select account_id, voluntary from (${within(3)}) union all by name select account_id, voluntary from previous) group by all`,
    }),
    'processes/short.sql': processText('short', { sources: windowed('{ before: 1h }'), sql: within(3) }),
    'tests/windows.yaml': `tests:\n${['right', 'after', 'state', 'short'].map((name) => testText(name, name, name === 'right' ? arrivals : arrivals.slice(1))).join('')}`,
  });
  const { tests } = await project.run();
  expect(tests.map(({ name, status, orders }) => [name, status, orders])).toEqual([
    ['right', 'passed', 6],
    ['after', 'passed', 2],
    ['state', 'passed', 2],
    ['short', 'failed', expect.any(Number)],
  ]);
  expect(tests.at(-1)?.failures[0]?.what).toBe('recompute');
});
