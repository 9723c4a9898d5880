// Goal: `psyberg test` plays processes on Spark through real sessions there, and judges them by Spark's own recompute: in
// every order, in chains over both engines, and of processes that are to move. Method: a project with right processes
// and such that depend on the order, played in one process.
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { readProject, readSoundParts } from '../../src/project/read-project.ts';
import { runTests } from '../../src/testing/run-tests.ts';
import { cancel, processText, request, testText } from '../testing/project.ts';
import { missingJava } from './java/java.ts';
import { sharedSpark } from './spark/shared.ts';

const missing = await missingJava();
let remote = '';
beforeAll(async () => {
  if (missing === undefined) remote = await sharedSpark();
}, 600_000);

const SPARK = 'engine: spark\n';
const windowed = (before: number): string =>
  `  - { table: raw.requests, event_time: request_ts, window: { before: ${before}h, key: account_id } }\n`;
const joined = `select c.event_id, c.account_id, c.cancel_ts, count(r.account_id) as requests
from cancels c left join requests r on r.account_id = c.account_id
  and r.request_ts <= c.cancel_ts and date_trunc('HOUR', r.request_ts) >= date_trunc('HOUR', c.cancel_ts) - interval 3 hour
group by all`;

const FILES: Readonly<Record<string, string>> = {
  'tables/raw/cancels.sql':
    'create table raw.cancels (event_id bigint, account_id bigint, cancel_ts timestamptz, note varchar);\n',
  'tables/raw/requests.sql':
    'create table raw.requests (account_id bigint, request_ts timestamptz, fee decimal(6, 2));\n',
  'tables/ref/kinds.sql': 'create table ref.kinds (account_id bigint, kind varchar);\n',
  'processes/right.sql': processText('right', { sources: windowed(3), sql: joined, more: SPARK }),
  'processes/short.sql': processText('short', { sources: windowed(1), sql: joined, more: SPARK }),
  // Reads what the one on Spark has made, on DuckDB.
  'processes/behind.sql': `/*---
process_name: behind
pattern: stateful
sources: [{ table: facts.right, event_time: cancel_ts, alias: r, vtts: { from: signal } }]
target: { table: facts.behind, event_time: hour }
---*/
select date_trunc('hour', cancel_ts) as hour, sum(requests)::bigint as requests from r group by all
`,
  'processes/state.sql': processText('state', {
    pattern: 'dimension',
    eventTime: 'state_hour',
    sql: `select $first_hour as state_hour, account_id, cast(sum(n) as bigint) as n
from (select account_id, 1L as n from cancels union all select account_id, n from previous) group by all`,
    more: SPARK,
  }),
  'processes/looking.sql': processText('looking', {
    sources: '  - { table: ref.kinds, lookup: true }\n',
    sql: 'select c.event_id, c.cancel_ts, k.kind from cancels c left join kinds k using (account_id)',
    more: `${SPARK}audits: [{ unique: { columns: [event_id] } }]\n`,
  }),
  // DuckDB reads the same text, and makes other numbers of it.
  'processes/sunday.sql': processText('sunday', {
    sql: 'select event_id, cancel_ts, dayofweek(cancel_ts) as day from cancels',
    more: SPARK,
  }),
  // Written for DuckDB, and the same on Spark.
  'processes/moving.sql': processText('moving', {
    sql: "select date_trunc('hour', cancel_ts) as cancel_ts, count(*) as n from cancels group by 1",
  }),
  // Without an error it means something else there.
  'processes/different.sql': processText('different', {
    sql: 'select event_id, cancel_ts, dayofweek(cancel_ts) as day from cancels',
  }),
};

const arrivals = [
  { 'raw.cancels': [cancel(1, 5)], 'raw.requests': [request(1, 5)] },
  { 'raw.requests': [request(1, 3), request(2, 4)] },
  { 'raw.cancels': [cancel(2, 6, 2), cancel(3, 7, 1)], 'raw.requests': [request(9, 7)] },
];
const cancels = [
  { 'raw.cancels': [cancel(1, 5)] },
  { 'raw.cancels': [cancel(2, 7)] },
  { 'raw.cancels': [cancel(3, 5, 2)] },
];

function projectWith(tests: string): string {
  const root = mkdtempSync(join(tmpdir(), 'psyberg-tests-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const settings = `name: tested\ncatalog: { warehouse: warehouse }\nengines: { spark: { remote: "${remote}" } }\n`;
  for (const [file, text] of Object.entries({
    ...FILES,
    'psyberg.yaml': settings,
    'tests/all.yaml': `tests:\n${tests}`,
  })) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  }
  return root;
}

const sandboxes = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith('psyberg-test-'));

describe.skipIf(missing !== undefined)('tests of processes on Spark', () => {
  it('play every order there, and find what depends on it', { timeout: 900_000 }, async () => {
    const before = sandboxes();
    const looking = `  - name: looking
    process: looking
    orders: given
    arrivals:
      - rows: { raw.cancels: [${cancel(1, 5)}, ${cancel(2, 6)}] }
      - rows: { ref.kinds: [{ account_id: 1, kind: a }, { account_id: 2, kind: b }] }
        expect: { status: nothing-new }
      - rows: { raw.cancels: [${cancel(3, 6, 1)}] }
        expect:
          rows: [{ event_id: 1, kind: null }, { event_id: 2, kind: b }, { event_id: 3, kind: a }]
          audits: { unique: passed }
`;
    const root = projectWith(
      [
        testText('chain', 'behind', arrivals.slice(1)).replace(
          'process: behind',
          'processes: [right, behind]',
        ),
        testText('short', 'short', arrivals.slice(1)),
        testText('state', 'state', cancels.slice(1)),
        looking,
        testText('sunday', 'sunday', cancels.slice(1)),
      ].join(''),
    );
    const { tests } = await runTests(readProject({ root }), { from: root });
    expect(tests.map(({ name, status, orders, error }) => [name, status, orders, error])).toEqual([
      ['chain', 'passed', 2, null],
      ['short', 'failed', expect.any(Number), null],
      ['state', 'passed', 2, null],
      ['looking', 'passed', 1, null],
      ['sunday', 'passed', 2, null],
    ]);
    expect(tests[1]?.failures[0]).toMatchObject({ what: 'recompute', process_name: 'short' });
    expect(sandboxes()).toEqual(before);
  });

  it('are those of a process that is to move, with --engine', { timeout: 900_000 }, async () => {
    const expected = `  - name: different
    process: different
    arrivals:
      - rows: { raw.cancels: [${cancel(1, 5)}] }
        expect: { rows: [{ event_id: 1, day: 4 }] }
`;
    const moved = [
      testText('moving', 'moving', cancels.slice(1)),
      expected,
      // Nothing is expected of it but the recompute, which is by Spark as well.
      testText('judged', 'different', cancels.slice(1)),
    ];
    const root = projectWith(moved.join(''));
    const { project, unusable } = readSoundParts({ root, engine: 'spark' });
    const { tests } = await runTests(project, { from: root, unusable, engine: 'spark' });
    expect(tests.map(({ name, status, orders }) => [name, status, orders])).toEqual([
      ['moving', 'passed', 2],
      ['different', 'failed', 1],
      ['judged', 'passed', 2],
    ]);
    // The test says what DuckDB made of it: the move would have changed it in silence.
    expect(tests[1]?.failures[0]).toMatchObject({
      missing: [{ event_id: 1n, day: 4 }],
      rerun: 'psyberg test tests/all.yaml different --engine spark',
    });
    expect((await runTests(readProject({ root }), { from: root, only: ['different'] })).failed).toBe(0);
  });

  it('say that Spark is away where it is', { timeout: 120_000 }, async () => {
    const root = projectWith(testText('moving', 'moving', cancels.slice(1)));
    writeFileSync(
      join(root, 'psyberg.yaml'),
      'name: tested\ncatalog: { warehouse: warehouse }\nengines: { spark: { remote: "sc://127.0.0.1:9" } }\n',
    );
    const { tests } = await runTests(readProject({ root, engine: 'spark' }), { from: root, engine: 'spark' });
    expect(tests[0]).toMatchObject({ status: 'failed' });
    expect(tests[0]?.failures[0]?.error?.code).toBe('spark-unreachable');
  });
});
