// Goal: macros, variables and audits of a project mean the same wherever its SQL runs: in plans, sessions, steps,
// VTTS and queries. Method: one project of two processes; what is staged is compared with plain SQL.
import { expect, it } from 'vitest';
import { hourAt, msAt, processFile, type World, worldForTest } from '../support/world.ts';

const load = (audits: readonly unknown[] = []) =>
  processFile(
    {
      process_name: 'load',
      pattern: 'stateless',
      sources: [
        {
          table: 'raw.events',
          event_time: 'ts',
          alias: 'e',
          vtts: { sql: 'select latest_of(max(ts)) from raw.events' },
        },
      ],
      target: { table: 'facts.t', event_time: 'ts' },
      audits,
    },
    "select id, ts, clean(plan) as plan, $day as day\nfrom at_least('e', $least) where $on and ts >= $day",
  );
const counts = processFile(
  {
    process_name: 'counts',
    pattern: 'stateful',
    sources: [{ table: 'facts.t', event_time: 'ts' }],
    target: { table: 'facts.n', event_time: 'hour' },
  },
  "select date_trunc('hour', ts) as hour, $share * count(*) as n from t group by all",
);
const MACROS = `create macro clean(x) as lower(trim(x));
create macro latest_of(x) as x;
create macro at_least(rows, n) as table select * from query_table(rows) where id >= n;`;

const YAML =
  'name: w\ncatalog: { warehouse: warehouse }\nvars: { least: 2, day: 2023-09-14, on: true, share: 1.0 }\n';

async function filled(
  audits: readonly unknown[] = [],
  files: Readonly<Record<string, string>> = {},
): Promise<World> {
  const world = await worldForTest({
    processes: [load(audits), counts],
    files: { 'psyberg.yaml': YAML, 'macros/all.sql': MACROS, ...files },
  });
  world.nowMs = msAt(8);
  await world.create('raw.events', 'id bigint, ts timestamptz, plan varchar');
  await world.land(
    'raw.events',
    `select i, timestamptz '${hourAt(5)}', ' Basic ' from range(5) t(i) union all select 9, timestamptz '${hourAt(-1)}', 'x'`,
  );
  return world;
}

it('macros and variables are in plans, whole runs, queries and signals, and a plan keeps its values', async () => {
  const world = await filled();
  await world.reopen({ variables: { least: '3', share: 0.5 } });
  const plans = await world.psyberg.plan(['load']);
  const variables = { least: 3, day: '2023-09-14', on: true };
  expect(plans).toMatchObject([{ variables }]);
  expect(plans[0]?.steps.find((step) => step.kind === 'insert')).toMatchObject({
    parameters: variables,
    types: { least: 'BIGINT', day: 'DATE', on: 'BOOLEAN' },
  });
  // What was planned is what runs, by a project whose own values are others.
  await world.reopen();
  expect(await world.run(['load'], { plans })).toMatchObject([{ status: 'published', rows_written: '2' }]);
  expect(await world.rows("select id, plan, clean(' A ') as a, day, typeof(day) as of from facts.t")).toEqual(
    ['["3","basic","a","2023-09-14","DATE"]', '["4","basic","a","2023-09-14","DATE"]'],
  );
  await world.reopen({ variables: { least: 4 } });
  expect(await world.run(['load'], { plans })).toMatchObject([
    { status: 'failed', error: { code: 'variable-contradicts-session', kind: 'usage' } },
  ]);
  await world.reopen({ variables: { share: '0.25' } });
  await world.publish('counts');
  expect(await world.rows('select n, typeof(n) from facts.n')).toEqual(['[0.5,"DOUBLE"]']);
});

it('a session goes on with the values that it was opened with, and is stale once a macro says otherwise', async () => {
  const world = await filled([{ expression: { sql: 'id >= $least and clean(plan) = plan' } }]);
  const request = { processName: 'load', psybergSessionId: '20300101000000' };
  await world.reopen({ variables: { least: 4 } });
  expect(await world.psyberg.session.init(request)).toMatchObject({ plan: { variables: { least: 4 } } });
  await world.reopen();
  expect(await world.psyberg.session.load(request)).toMatchObject({ status: 'loaded' });
  await world.reopen({ variables: { least: 2 } });
  await expect(world.psyberg.session.audit(request)).rejects.toMatchObject({
    code: 'variable-contradicts-session',
  });
  await world.reopen();
  expect(await world.psyberg.session.audit(request)).toMatchObject({
    status: 'audited',
    audits: [{ name: 'expression', status: 'passed' }],
  });
  expect(await world.psyberg.session.publish(request)).toMatchObject({
    status: 'published',
    rows_written: '1',
  });
  const later = { ...request, psybergSessionId: '20300101000001' };
  await world.land('raw.events', `select 7, timestamptz '${hourAt(6)}', 'x'`);
  await world.psyberg.session.init(later);
  world.write('macros/all.sql', MACROS.replace('lower(trim(x))', 'upper(trim(x))'));
  await world.reopen();
  await expect(world.psyberg.session.load(later)).rejects.toMatchObject({ code: 'plan-stale' });
});

it('the built-in audits, and one of the project with parameters, find the rows that break them, and pass NULL', async () => {
  const known =
    '-- @param column IDENTIFIER\n-- @param values VARCHAR[]\n-- @param fine BIGINT[]\nselect id, {{column}} from staged where {{column}} not in (select unnest($values))\nand id not in (select unnest($fine)) and id >= $since';
  const audits = [
    { accepted_values: { column: 'plan', values: ['basic', true] }, severity: 'warn' },
    { accepted_values: { column: 'day', values: ['2023-09-14'] }, severity: 'warn' },
    { accepted_values: { column: 'id', values: [2, 3] }, severity: 'warn' },
    { relationships: { column: 'id', to: 'E', to_column: 'id' }, severity: 'warn' },
    { relationships: { column: 'plan', to: 'e', to_column: 'plan' }, severity: 'warn' },
    { row_count: { min: 1, max: 4 }, severity: 'warn' },
    { row_count: { max: 3 }, severity: 'warn' },
    { freshness: { column: 'ts', max_age: '3h' }, severity: 'warn' },
    { freshness: { column: 'ts', max_age: '2h' }, severity: 'warn', name: 'stale' },
    { expression: { sql: 'id < $least + 2 -- and so on' }, severity: 'warn' },
    { known: { column: 'plan', values: ['pro'], fine: [2] }, severity: 'warn' },
  ];
  const world = await filled(audits, {
    'psyberg.yaml': YAML.replace('{ least', '{ since: 3, least'),
    'audits/known.sql': known,
  });
  await world.land('raw.events', `select null, timestamptz '${hourAt(4)}', null`);
  world.writeProcess(
    processFile(
      load(audits).header,
      'select id, ts, clean(plan) as plan, case when id is not null then $day end as day from e where ts >= $day and (id >= $least or id is null)',
    ),
  );
  await world.reopen();
  const { audits: results } = await world.publish('load');
  expect(results.map(({ name, status, expected, actual }) => [name, status, expected, actual])).toEqual([
    ['accepted_values', 'passed', '0', '0'],
    ['accepted_values_2', 'passed', '0', '0'],
    ['accepted_values_3', 'failed', '0', '1'],
    ['relationships', 'passed', '0', '0'],
    ['relationships_2', 'failed', '0', '3'],
    ['row_count', 'passed', '1 to 4', '4'],
    ['row_count_2', 'failed', 'at most 3', '4'],
    ['freshness', 'passed', '0', '0'],
    ['stale', 'failed', '0', '1'],
    ['expression', 'failed', '0', '1'],
    ['known', 'failed', '0', '2'],
  ]);
  expect(results.find(({ name }) => name === 'stale')?.sample).toEqual([
    { fresh_from: '2023-09-14T06:00:00Z', newest_staged: '2023-09-14T05:00:00Z' },
  ]);
  expect(results.find(({ name }) => name === 'known')?.sample).toEqual([
    { id: '3', plan: 'basic' },
    { id: '4', plan: 'basic' },
  ]);
});

it('an audit that cannot be run says where in its own file, also behind a name that was put in', async () => {
  const sql = '-- @param column IDENTIFIER\nselect {{column}}, nowhere from staged';
  const world = await filled([{ odd: { column: 'plan' } }], { 'audits/odd.sql': sql });
  const [record] = await world.run(['load']);
  expect(record?.error).toMatchObject({ code: 'audit-sql-failed', context: { line: 2, column: 20 } });
  expect(record?.error?.message).toContain('audits/odd.sql:2:20 the audit odd of load cannot be run');
  world.write('audits/odd.sql', '-- @param column IDENTIFIER\nselect {{column}} from staged');
  world.writeProcess(
    load([{ odd: { column: 'nothing' } }, { accepted_values: { column: 'id', values: ['x'] } }]),
  );
  await world.reopen();
  const [other] = await world.run(['load']);
  expect(other?.error?.message).toContain('audits/odd.sql:2:8 ');
  world.writeProcess(load([{ accepted_values: { column: 'id', values: ['x'] } }]));
  await world.reopen();
  const [third] = await world.run(['load']);
  expect(third?.error).toMatchObject({ code: 'audit-sql-failed', kind: 'usage' });
  expect(third?.error?.message).toContain("Could not convert string 'x'");
});
