// Goal: rows land as they are written, and a cell that does not fit is named. Method: one project, a test a case.
import { beforeAll, describe, expect, it } from 'vitest';
import type { TestResult } from '../../src/model/test-record.ts';
import { makeTestProject, processText } from './project.ts';

const one = (name: string, body: string, process = 'cancel_load'): string => `  - name: ${name}
    process: ${process}
    orders: given
    arrivals:
${body}`;
const lands = (rows: string, expected = ''): string =>
  `      - rows: { raw.cancels: ${rows} }\n${expected === '' ? '' : `        expect: ${expected}\n`}`;

const CASES = `tests:
${one('csv', lands('{ csv: "event_id,note,cancel_ts\\n1,,2023-09-14 05:30:00\\n2,\\"\\",2023-09-14T05:31:00Z\\n" }', '{ rows: [{ event_id: 1, note: null }, { event_id: 2, note: "" }] }'))}${one('sql', lands(`{ sql: "select n as event_id, timestamptz '2023-09-14 05:00:00+00' + to_minutes(n) as cancel_ts from range(3) as t(n)" }`, '{ row_count: 3 }'))}${one('sql over a file', lands(`{ sql: "from 'fixtures/cancels.json'" }`, '{ rows: [{ event_id: 4 }] }'))}${one('file', lands('{ file: fixtures/cancels.csv }', '{ rows: [{ event_id: 9, note: from a file }] }'))}${one('an empty source is complete as well', '      - complete_to: 2023-09-14T05\n        at: 2023-09-14T06:05:00Z\n        expect: { status: waiting }\n')}${one('a whole number', lands('[{ event_id: 1.5 }]'))}${one('a text for a number', lands('[{ event_id: 1 }, { event_id: one }]'))}${one('a number that YAML rounds', lands('[{ event_id: 9007199254740993 }]'))}${one('the same in quotes', lands('[{ event_id: "9007199254740993", cancel_ts: 2023-09-14T05:30:00Z }]', '{ rows: [{ event_id: "9007199254740993" }] }'))}${one('a text for a time', lands('[{ event_id: 1, cancel_ts: half past five }]'))}${one('a cell of a CSV', lands('{ csv: "event_id,cancel_ts\\n1,2023-09-14 05:30:00\\nx,2023-09-14 05:30:00\\n" }'))}${one('an unknown column', lands('[{ event_id: 1, acount_id: 2 }]'))}${one('an unknown column of a query', lands('{ sql: "select 1 as event" }'))}${one('SQL that is none', lands('{ sql: "selekt 1" }'))}${one('a condition that is none', '      - delete: { raw.cancels: "evnt_id = 1" }\n        at: 2023-09-14T06:00:00Z\n')}${one('an unknown column of the target', lands('[{ event_id: 1, cancel_ts: 2023-09-14T05:30:00Z }]', '{ rows: [{ event: 1 }] }'))}${one('completeness that goes back', `      - complete_to: 2023-09-14T07\n        rows: { raw.cancels: [{ event_id: 1, cancel_ts: 2023-09-14T05:30:00Z }] }\n      - complete_to: 2023-09-14T05\n        rows: { raw.cancels: [{ event_id: 2, cancel_ts: 2023-09-14T05:30:00Z }] }\n`)}${one('a table without types', '      - rows: { raw.nowhere: [{ id: 1 }] }\n', 'lost_load')}${one('a DDL of another table', '      - rows: { raw.other: [{ id: 1 }] }\n', 'other_load')}${one('it still runs', lands('[{ event_id: 1, cancel_ts: 2023-09-14T05:30:00Z }]', '{ hours: [2023-09-14T05], row_count: 2 }'))}`;

const process = (name: string, table: string): string =>
  processText(name, { pattern: 'stateless', sql: 'select 1 as id, now() as cancel_ts' }).replace(
    /raw\.cancels, event_time: cancel_ts/,
    `${table}`,
  );

let byName: ReadonlyMap<string, TestResult>;

beforeAll(async () => {
  const project = makeTestProject(
    {
      'processes/cancel_load.sql': processText('cancel_load', {
        sql: 'select event_id, cancel_ts, note from cancels',
      }),
      'processes/lost_load.sql': process('lost_load', 'raw.nowhere'),
      'processes/other_load.sql': process('other_load', 'raw.other'),
      'tables/raw/other.sql': 'create table raw.another (id bigint);\n',
      'tests/fixtures/cancels.csv': 'event_id,cancel_ts,note\n9,2023-09-14 05:30:00,from a file\n',
      'tests/fixtures/cancels.json': '{"event_id": 4, "cancel_ts": "2023-09-14 05:30:00+00"}\n',
      'tests/cases.yaml': CASES,
    },
    { keep: true },
  );
  const report = await project.run();
  byName = new Map(report.tests.map((test) => [test.name, test]));
});

describe('rows', () => {
  it.each(['csv', 'sql', 'sql over a file', 'file', 'the same in quotes'])('%s', (name) => {
    expect(byName.get(name)).toMatchObject({ status: 'passed', failures: [], error: null });
  });
});

describe('what does not fit is named, with its place', () => {
  it.each([
    [
      'a whole number',
      /^tests\/cases\.yaml:\d+:\d+ row 1 of raw\.cancels, column event_id: 1\.5 is no BIGINT/,
    ],
    ['a text for a number', /row 2 of raw\.cancels, column event_id: 'one' is no BIGINT/],
    ['a number that YAML rounds', /is no BIGINT\n {4}hint: write a number of more than 15 digits in quotes/],
    [
      'a text for a time',
      /row 1 of raw\.cancels, column cancel_ts: 'half past five' is no TIMESTAMP WITH TIME ZONE/,
    ],
    ['a cell of a CSV', /row 2 of raw\.cancels, column event_id: 'x' is no BIGINT/],
    ['an unknown column', /raw\.cancels has no column 'acount_id'\n {4}hint: did you mean 'account_id'\?/],
    ['an unknown column of a query', /raw\.cancels has no column 'event'/],
    ['SQL that is none', /the rows of raw\.cancels cannot be read: Parser Error/],
    ['a condition that is none', /these rows cannot be deleted: Binder Error/],
    [
      'an unknown column of the target',
      /the target facts\.cancel_load has no column 'event'\n {4}hint: did you mean/,
    ],
    ['completeness that goes back', /complete_to 2023-09-14T05:00:00Z lies before 2023-09-14T07:00:00Z/],
    [
      'a table without types',
      /the columns of raw\.nowhere are not known: there is no tables\/raw\/nowhere\.sql/,
    ],
    ['a DDL of another table', /^tables\/raw\/other\.sql:1:1 it creates no table raw\.other/],
  ])('%s', (name, message) => {
    const { status, error } = byName.get(name) as TestResult;
    expect(error?.message).toMatch(message);
    expect({ status, code: error?.code }).toEqual({ status: 'error', code: 'test-invalid' });
  });
  it('and the test after them runs, and fails by what it expects', () => {
    expect(byName.get('it still runs')).toMatchObject({
      status: 'failed',
      failures: [{ what: 'row_count', expected: 2, actual: 1, arrival: 1, order: [1] }],
    });
  });
});
