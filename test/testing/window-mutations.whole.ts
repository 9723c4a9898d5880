// Goal: what a rehearsal clears of processes with windows, whole sessions clear as well. Method: right processes pass in
// every order, rehearsed and through whole sessions; small faults are put into windows and SQL, one at a time, and
// equality with a recompute finds every one, though nothing is expected of any row.
import { describe, expect, it } from 'vitest';
import { cancel, makeTestProject, processText, request, testText } from './project.ts';

const NEAR = `requests.account_id = cancels.account_id
    and date_trunc('hour', request_ts) between date_trunc('hour', cancel_ts)`;
const count = (from: string, to: string): string =>
  `select event_id, account_id, cancel_ts, (select count(*) from requests where ${NEAR}${from} and date_trunc('hour', cancel_ts)${to}) as requests
from cancels`;
const windowed = (window: string): string =>
  `  - { table: raw.requests, event_time: request_ts, window: ${window} }\n`;

const PROCESSES = {
  keyed: processText('keyed', {
    sources: windowed('{ before: 3h, key: account_id }'),
    sql: count(' - interval 3 hour', ''),
  }),
  plain: processText('plain', { sources: windowed('{ before: 3h }'), sql: count(' - interval 3 hour', '') }),
  later: processText('later', { sources: windowed('{ after: 2h }'), sql: count('', ' + interval 2 hour') }),
  around: processText('around', {
    sources: windowed('{ before: 2h, after: 1h, key: account_id }'),
    sql: count(' - interval 2 hour', ' + interval 1 hour'),
  }),
  state: processText('state', {
    pattern: 'dimension',
    eventTime: 'state_hour',
    sources: windowed('{ before: 3h }'),
    sql: `select $first_hour::timestamptz as state_hour, account_id::bigint as account_id, max(requests)::bigint as requests
from (select account_id, requests from (${count(' - interval 3 hour', '')}) union all by name select account_id, requests from previous) group by all`,
  }),
} as const;
type Name = keyof typeof PROCESSES;

/** Late requests of other accounts and hours; late cancels; the newest hours first or last. */
const ARRIVALS = [
  { 'raw.cancels': [cancel(1, 5)], 'raw.requests': [request(1, 5), request(3, 7)] },
  { 'raw.requests': [request(1, 2), request(1, 3), request(2, 4), request(1, 6), request(1, 7)] },
  { 'raw.cancels': [cancel(2, 6, 2), cancel(3, 7, 1), cancel(4, 4, 1)], 'raw.requests': [request(9, 8)] },
];

/** One late request, which no other one hides by having its hours loaded as well. */
const lone = (hour: number) => [
  { 'raw.cancels': [cancel(1, 5)], 'raw.requests': [request(1, 5)] },
  { 'raw.requests': [request(1, hour)] },
  { 'raw.cancels': [cancel(2, 9, 2)] },
];

const run = (
  name: Name,
  edit: (text: string) => string,
  {
    arrivals = ARRIVALS,
    wholeSessions = false,
  }: { arrivals?: Parameters<typeof testText>[2]; wholeSessions?: boolean } = {},
) =>
  makeTestProject({
    [`processes/${name}.sql`]: edit(PROCESSES[name]),
    'tests/windows.yaml': `tests:\n${testText(name, name, arrivals)}`,
  }).run({ wholeSessions });

describe('a right process passes in every order', () => {
  it.each(Object.keys(PROCESSES) as Name[])('%s', async (name) => {
    for (const wholeSessions of [false, true]) {
      const { tests } = await run(name, (text) => text, { wholeSessions });
      expect(tests).toMatchObject([{ status: 'passed', orders: 6, error: null }]);
    }
  });
});

describe('a fault is found by the recompute', () => {
  it.each<[Name, string, string, string]>([
    ['keyed', 'a window that is too short', 'before: 3h', 'before: 2h'],
    ['keyed', 'no window', ', window: { before: 3h, key: account_id }', ''],
    ['keyed', 'SQL that looks ahead', "date_trunc('hour', cancel_ts))", 'cancel_ts + interval 2 hour)'],
    ['keyed', 'a join that is not by the key', 'requests.account_id = cancels.account_id', 'true'],
    [
      'keyed',
      'a count over all hours',
      'select event_id,',
      'select count(*) over () as all_cancels, event_id,',
    ],
    [
      'keyed',
      'the first hour of the session',
      'select event_id,',
      'select $first_hour as loaded_from, event_id,',
    ],
    ['keyed', 'dice', 'select event_id,', 'select random() as dice, event_id,'],
    ['plain', 'a window that is too short', 'before: 3h', 'before: 2h'],
    ['plain', 'a window on the other side', 'before: 3h', 'after: 3h'],
    [
      'plain',
      'the cancel before',
      'select event_id,',
      'select lag(event_id) over (order by cancel_ts) as before, event_id,',
    ],
    ['around', 'a window that is too short before', 'before: 2h', 'before: 1h'],
    ['around', 'a window that is too short after', 'after: 1h', 'after: 0h'],
    ['around', 'a join that is not by the key', 'requests.account_id = cancels.account_id', 'true'],
    [
      'state',
      'dice',
      'account_id::bigint as account_id,',
      'account_id::bigint as account_id, random() as dice,',
    ],
    [
      'state',
      'the time of the load',
      'account_id::bigint as account_id,',
      'account_id::bigint as account_id, now() as loaded_at,',
    ],
  ])('%s: %s', async (name, _what, from, to) => {
    expect(PROCESSES[name].split(from)).toHaveLength(2);
    const { tests } = await run(name, (text) => text.replace(from, to));
    expect(tests).toMatchObject([{ status: 'failed', error: null }]);
    expect(tests[0]?.failures.map(({ what }) => what)).toEqual(['recompute']);
  });

  it.each<[Name, number, string, string, string]>([
    ['keyed', 1, 'SQL that looks further back', '- interval 3 hour', '- interval 4 hour'],
    ['plain', 1, 'SQL that looks further back', '- interval 3 hour', '- interval 4 hour'],
    ['later', 7, 'a window that is too short', 'after: 2h', 'after: 1h'],
    ['later', 8, 'SQL that looks further ahead', '+ interval 2 hour', '+ interval 3 hour'],
  ])('%s, one request of hour %i: %s', async (name, hour, _what, from, to) => {
    const { tests } = await run(name, (text) => text.replace(from, to), { arrivals: lone(hour) });
    expect(tests).toMatchObject([{ status: 'failed', error: null }]);
  });
});
