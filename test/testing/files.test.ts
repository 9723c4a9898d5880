// Goal: a process that reads files is tested as the others are: what it makes of them in every order equals its
// SQL over all files, and a fault of increments is told.
// Method: projects with tests, played; and what their records and messages say.
import { describe, expect, it } from 'vitest';
import { makeTestProject } from './project.ts';

const load = (
  source = '',
  sql = 'select id, ordered_at, amount, filename, $landed_at as landed_at from orders',
): string => `/*---
process_name: orders_load
pattern: stateless
sources: [{ files: landing/orders/*.csv, alias: orders, event_time: ordered_at${source} }]
target: { table: raw.orders, event_time: ordered_at }
audits: [source_to_target_count]
---*/
${sql}
`;
const COLUMNS = ', columns: { id: bigint, ordered_at: timestamptz, amount: "decimal(6, 2)" }';
const BY_HOUR = `/*---
process_name: orders_by_hour
pattern: stateful
sources: [{ table: raw.orders, event_time: ordered_at, vtts: signal }]
target: { table: facts.by_hour, event_time: hour }
---*/
select date_trunc('hour', ordered_at) as hour, count(*) as orders, sum(amount) as amount from orders group by all
`;

const order = (id: number, hour: number): string =>
  `{ id: ${id}, ordered_at: 2023-09-14T0${hour}:30:00Z, amount: ${id}.5 }`;
const arrivals = (...all: readonly string[]): string =>
  `    arrivals:\n${all.map((each) => `      - ${each}\n`).join('')}`;
const rows = (...all: readonly string[]): string => `rows: { orders: [${all.join(', ')}] }`;

describe('a process that reads files', () => {
  it('equals its SQL over all files in another order, through sessions, and so does what reads its target', async () => {
    const project = makeTestProject({
      'processes/a.sql': load(COLUMNS),
      'processes/b.sql': BY_HOUR,
      'tests/a.yaml': `tests:
  - name: late orders
    processes: [orders_load, orders_by_hour]
    orders: 2
${arrivals(
  `${rows(order(1, 1), order(2, 2))}
        expect_of: { orders_load: { status: published, operation: append, hours: [2023-09-14T01, 2023-09-14T02] } }
        expect: { row_count: 2 }`,
  `rows: { landing/orders/*.csv: [${order(3, 1)}] }
        expect: { hours: [2023-09-14T01], rows: [{ hour: 2023-09-14T01:00:00Z, orders: 2, amount: 5.00 }, { hour: 2023-09-14T02:00:00Z, orders: 1 }] }`,
  `at: 2023-09-14T06:00:00Z
        expect_of: { orders_load: { status: nothing-new, row_count: 3, rows: [{ id: 1, filename: orders/arrival-1.jsonl, landed_at: 2023-09-14T03:30:00Z }, { id: 2 }, { id: 3, filename: orders/arrival-2.jsonl }] } }`,
)}`,
    });
    const { tests } = await project.run();
    expect(tests[0]).toMatchObject({ status: 'passed', orders: 2, error: null });
  });

  it('has the faults of its increments told, with the order that shows them', async () => {
    const project = makeTestProject({
      'processes/a.sql': load(
        '',
        'select id, ordered_at, row_number() over (order by id) as place from orders',
      ),
      'tables/files/orders.sql':
        'create table files.orders (id bigint, ordered_at timestamptz, amount decimal(6, 2));\n',
      'tests/a.yaml': `tests:
  - name: places
    process: orders_load
${arrivals(rows(order(1, 1)), rows(order(2, 1)))}`,
    });
    const { tests } = await project.run();
    expect(tests[0]).toMatchObject({ status: 'failed', failures: [{ what: 'recompute', order: [1, 2] }] });
  });

  it('beside a table: its columns are known before any file is there', async () => {
    const project = makeTestProject({
      'processes/a.sql': load(COLUMNS, 'select id from orders union all select event_id from cancels')
        .replace(' }]', ' }, { table: raw.cancels }]')
        .replace(', event_time: ordered_at }\naudits', ' }\naudits')
        .replace('[source_to_target_count]', '[]'),
      'tests/a.yaml': `tests:
  - name: both
    process: orders_load
${arrivals(rows(order(1, 1)), 'rows: { raw.cancels: [{ event_id: 7, account_id: 1 }] }')}`,
    });
    const { tests } = await project.run();
    expect(tests[0]).toMatchObject({ failures: [], error: null, orders: 2 });
  });

  it('is refused where its columns are not known, or an arrival says what files cannot be', async () => {
    const project = makeTestProject({
      'processes/a.sql': load(),
      'tests/a.yaml': `tests:
  - name: unknown
    process: orders_load
${arrivals(rows(order(1, 1)))}
  - name: deletes
    process: orders_load
${arrivals(rows(order(1, 1)), 'delete: { orders: id = 1 }')}
  - name: complete
    process: orders_load
${arrivals(`complete_to: { orders: 2023-09-14T05 }\n        ${rows(order(1, 1))}`)}
  - name: unread
    process: orders_load
${arrivals('rows: { order: [] }')}`,
    });
    const { tests } = await project.run();
    const problems = tests.map(({ name, error }) => [name, error?.message.split('\n')]);
    expect(Object.fromEntries(problems)).toMatchInlineSnapshot(`
      {
        "complete": [
          "tests/a.yaml:16:24 orders is a folder of files (landing/orders/*.csv), which is complete to the newest hour of its files",
          "    hint: remove it",
        ],
        "deletes": [
          "tests/a.yaml:11:19 orders is a folder of files (landing/orders/*.csv), and no rows can be deleted from files",
          "    hint: remove it: a file is read once, and what happens to it later takes no rows with it",
        ],
        "unknown": [
          "tests/a.yaml:2:5 the types of the columns of landing/orders/*.csv are not known: its source has no columns:, and there is no tables/files/orders.sql",
          "    hint: write columns: { … } at the source, or into tables/files/orders.sql: create table files.orders (…)",
        ],
        "unread": [
          "tests/a.yaml:22:17 a table is named namespace.table, found 'order'",
          "    hint: did you mean 'orders'?",
        ],
      }
    `);
  });
});
