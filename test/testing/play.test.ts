// Goal: faults of increments are found, in the shortest order, and what is right passes. Method: small processes with one
// known fault each, played in one project.
import { beforeAll, describe, expect, it } from 'vitest';
import type { TestResult } from '../../src/model/test-record.ts';
import { cancel, makeTestProject, processText, request, testText, WITH_REQUESTS } from './project.ts';

const HOUR_LOCAL = processText('hour_local', {
  sources: WITH_REQUESTS,
  sql: `select event_id, account_id, cancel_ts, exists (
  from requests where requests.account_id = cancels.account_id
    and date_trunc('hour', request_ts) = date_trunc('hour', cancel_ts)) as voluntary
from cancels`,
});

const PROCESSES = {
  'processes/hour_local.sql': HOUR_LOCAL,
  'processes/across.sql': processText('across', {
    sources: WITH_REQUESTS,
    sql: 'select event_id, cancel_ts, exists (from requests where requests.account_id = cancels.account_id) as voluntary from cancels',
  }),
  'processes/counted.sql': processText('counted', {
    pattern: 'stateless',
    sql: 'select event_id, cancel_ts, count(*) over () as cancels from cancels',
  }),
  'processes/shifted.sql': processText('shifted', {
    sql: 'select event_id, cancel_ts + interval 1 hour as cancel_ts from cancels',
  }),
  'processes/random.sql': processText('random', {
    sql: 'select event_id, cancel_ts, random() as dice from cancels',
  }),
  'processes/moved.sql': processText('moved', {
    pattern: 'dimension',
    eventTime: 'state_hour',
    sql: `select $first_hour::timestamptz as state_hour, account_id::bigint as account_id,
  (coalesce(previous.cancels, 0) + coalesce(now.cancels, 0))::bigint as cancels
from (select account_id, count(*) as cancels from cancels group by all) as now full join previous using (account_id)`,
  }),
};

const TESTS = {
  'tests/right.yaml': `tests:
${testText('hour by hour', 'hour_local', [
  { 'raw.cancels': [cancel(1, 5), cancel(2, 6)], 'raw.requests': [request(1, 5)] },
  { 'raw.requests': [request(2, 6), request(2, 4)] },
  { 'raw.cancels': [cancel(3, 4, 2)] },
])}${testText('a dimension', 'moved', [
  { 'raw.cancels': [cancel(1, 4)] },
  { 'raw.cancels': [cancel(2, 6, 1)] },
  { 'raw.cancels': [cancel(3, 5, 2)] },
])}  - name: rows are rewritten
    process: hour_local
    arrivals:
      - rows: { raw.cancels: [${cancel(1, 5)}, ${cancel(2, 5)}] }
      - delete: { raw.cancels: event_id = 2 }
        rows: { raw.cancels: [${cancel(3, 4)}] }
        expect: { hours: [2023-09-14T04, 2023-09-14T05], rows: [{ event_id: 1 }, { event_id: 3 }] }
`,
  'tests/wrong.yaml': `tests:
${testText('a join reaches into other hours', 'across', [
  { 'raw.cancels': [cancel(7, 7)] },
  { 'raw.cancels': [cancel(1, 5)], 'raw.requests': [request(1, 4)] },
  { 'raw.cancels': [cancel(2, 5)] },
])}${testText('rows are counted that come later', 'counted', [
  { 'raw.cancels': [cancel(1, 5)] },
  { 'raw.cancels': [cancel(2, 6)] },
])}${testText('rows leave their hour', 'shifted', [{ 'raw.cancels': [cancel(1, 5)] }])}${testText(
  'dice',
  'random',
  [{ 'raw.cancels': [cancel(1, 5)] }, { 'raw.cancels': [cancel(2, 6)] }],
)}`,
};

let byName: ReadonlyMap<string, TestResult>;
const result = (name: string): TestResult => byName.get(name) as TestResult;

beforeAll(async () => {
  const report = await makeTestProject({ ...PROCESSES, ...TESTS }, { keep: true }).run();
  byName = new Map(report.tests.map((test) => [test.name, test]));
});

describe('what is right passes in every order', () => {
  it.each([
    ['hour by hour', 6],
    ['a dimension', 6],
    ['rows are rewritten', 2],
  ])('%s', (name, orders) => {
    expect(result(name)).toMatchObject({ status: 'passed', orders, failures: [], error: null });
  });
});

describe('a fault of increments is found', () => {
  it('a join across hours, in the shortest order, with the cells that differ and the plan', () => {
    const { status, failures } = result('a join reaches into other hours');
    expect(status).toBe('failed');
    expect(failures).toHaveLength(1);
    expect(failures[0]).toMatchObject({
      what: 'recompute',
      order: [2, 3],
      arrival: 3,
      missing: [{ event_id: 1n, voluntary: true }],
      extra: [{ event_id: 1n, voluntary: false }],
      changed: [{ columns: ['voluntary'] }],
      plan: { status: 'work', operation: 'overwrite', hours: ['2023-09-14T05:00:00Z'] },
      rerun: "psyberg test tests/wrong.yaml 'a join reaches into other hours' --order 2,3",
    });
  });
  it('an append where hours should be overwritten', () => {
    expect(result('rows are counted that come later').failures).toMatchObject([
      { what: 'recompute', order: [1, 2], changed: [{ columns: ['cancels'] }, { columns: ['cancels'] }] },
    ]);
  });
  it('rows outside of the hours: the run is refused', () => {
    expect(result('rows leave their hour').failures[0]).toMatchObject({
      what: 'status',
      actual: 'refused',
      error: { code: 'rows-outside-hours' },
    });
  });
  it('a query that is another one each time', () => {
    expect(result('dice').failures).toMatchObject([{ what: 'recompute', order: [1] }]);
  });
});
