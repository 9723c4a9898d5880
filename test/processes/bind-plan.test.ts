// Goal: a plan tells a wrong column with its place, whether something is new or not. Method: a chain of two
// processes in a real warehouse, planned as their SQL is changed.
import { afterEach, expect, it } from 'vitest';
import { makeProject, type Project, removeFolders } from '../cli/fixture.ts';
import { open } from '../support/open-project.ts';

afterEach(removeFolders);

const process = (name: string, source: string, sql: string, more = ''): string => `/*---
process_name: ${name}
pattern: stateful
sources:
  - { table: ${source}, event_time: event_ts, alias: s }
target: { table: facts.${name}, event_time: event_ts }
${more}---*/
${sql}
`;
const AUDIT = 'audits:\n  - sql: audits/kinds.sql\n';

async function planned(project: Project): Promise<unknown> {
  const psyberg = await open({ project: project.root });
  try {
    return (await psyberg.plan()).map(({ process_name: name, status }) => `${name} ${status}`);
  } catch (error) {
    const { code, message, kind } = error as Record<string, unknown>;
    return `${code} ${kind} ${message}`;
  } finally {
    await psyberg.close();
  }
}

it('is refused for a wrong column of a query or an audit, also when nothing is new', async () => {
  const project = makeProject({
    'processes/a.sql': process('a_load', 'raw.events', 'select event_id, event_ts, kind from s', AUDIT),
    'processes/b.sql': process('b_load', 'facts.a_load', 'select event_id, event_ts, kind from s'),
    'audits/kinds.sql': "select * from staged where kind = 'x'\n",
  });
  await project.sql(
    'create schema raw',
    'create table raw.events (event_id bigint, event_ts timestamptz, kind varchar)',
    "insert into raw.events values (1, '2023-09-14 05:10:00+00', 'a'), (2, '2023-09-14 06:10:00+00', 'a')",
  );
  // What the first one will write is known from its query.
  expect(await planned(project)).toEqual(['a_load work', 'b_load follows']);
  project.write(
    'processes/b.sql',
    process('b_load', 'facts.a_load', 'select event_id, event_ts, kid from s'),
  );
  expect(await planned(project)).toMatch(
    /^process-sql-failed usage processes\/b\.sql:8:28 Binder Error: .*"kid"/,
  );

  project.write(
    'processes/b.sql',
    process('b_load', 'facts.a_load', 'select event_id, event_ts, kind from s'),
  );
  // Inside the statement that binds it the parser would complain of what stands behind the query.
  for (const [sql, complaint] of [
    ['selct event_id, event_ts, kind from s', '8:1 Parser Error: syntax error at or near "selct"'],
    ['select event_id, event_ts, kind from s where', '8:45 Parser Error: syntax error at end of input'],
  ] as const) {
    project.write('processes/b.sql', process('b_load', 'facts.a_load', sql));
    expect(await planned(project)).toContain(`process-sql-failed usage processes/b.sql:${complaint}`);
  }
  project.write(
    'processes/b.sql',
    process('b_load', 'facts.a_load', 'select event_id, event_ts, kind from s'),
  );
  const psyberg = await open({ project: project.root });
  const runs = await psyberg.run();
  await psyberg.close();
  expect(runs.map(({ status }) => status)).toEqual(['published', 'published']);
  expect(await planned(project)).toEqual(['a_load nothing-new', 'b_load nothing-new']);

  project.write('audits/kinds.sql', "-- kinds\nselect * from staged where knd = 'x'\n");
  expect(await planned(project)).toMatch(
    /^audit-sql-failed usage audits\/kinds\.sql:2:28 the audit kinds of a_load/,
  );
  project.write(
    'audits/kinds.sql',
    "select * from staged where kind = 'x' and event_id in (from lake.raw.other)\n",
  );
  expect(await planned(project)).toMatch(
    /^table-not-declared usage audits\/kinds\.sql:1:61 the audit kinds of a_load reads lake\.raw\.other/,
  );
  project.write('audits/kinds.sql', "select * from staged where kind = 'x'\n");

  project.write(
    'processes/a.sql',
    process('a_load', 'raw.events', 'select evnt_id, event_ts, knd from s', AUDIT),
  );
  expect(String(await planned(project)).split('\n')).toEqual([
    expect.stringMatching(/^process-sql-failed usage processes\/a\.sql:10:8 .*"evnt_id"/),
    expect.stringMatching(/^processes\/a\.sql:10:27 .*"knd"/),
  ]);

  // An audit that is built in reads it three times.
  project.write(
    'processes/a.sql',
    process(
      'a_load',
      'raw.events',
      'select event_id, event_ts from s',
      'audits: [{ unique: { columns: [evnt_id] } }]\n',
    ),
  );
  expect(String(await planned(project)).split('\n')).toEqual([
    expect.stringMatching(
      /^audit-sql-failed usage processes\/a\.sql:\d+:\d+ the audit unique of a_load .*"evnt_id"/,
    ),
  ]);

  // A column that the first one is about to add is one that the second may read.
  const added = 'select event_id, event_ts, kind, length(kind) as size from s';
  project.write('processes/a.sql', process('a_load', 'raw.events', added, 'on_schema_change: append\n'));
  project.write(
    'processes/b.sql',
    process('b_load', 'facts.a_load', 'select event_id, event_ts, size from s'),
  );
  expect(await planned(project)).toEqual(['a_load nothing-new', 'b_load nothing-new']);
}, 60_000);

it('is told by a run as by a plan', async () => {
  const project = makeProject({
    'processes/a.sql': process(
      'a_load',
      'raw.events',
      'select event_id, event_ts from s join s as t using (event_id, event_ts) where t.nope = 1',
    ),
  });
  await project.sql(
    'create schema raw',
    'create table raw.events (event_id bigint, event_ts timestamptz)',
    "insert into raw.events values (1, '2023-09-14 05:10:00+00')",
  );
  const psyberg = await open({ project: project.root });
  const [run] = await psyberg.run();
  await psyberg.close();
  // Around the query DuckDB would look for a table t beside it, and name that.
  expect(run?.error?.message).toMatch(/^processes\/a\.sql:8:\d+ .*"t" does not have a column named "nope"/);
});

it('is told by each plan of an opened project, as the columns are by then', async () => {
  const project = makeProject({
    'processes/a.sql': process('a_load', 'raw.events', 'select event_id, event_ts, kind from s'),
    'processes/b.sql': process('b_load', 'facts.a_load', 'select event_id, event_ts, kind from s'),
  });
  await project.sql(
    'create schema raw',
    'create table raw.events (event_id bigint, event_ts timestamptz, kind varchar)',
  );
  const psyberg = await open({ project: project.root });
  try {
    const names = async (): Promise<string[]> => (await psyberg.plan()).map(({ process_name: name }) => name);
    expect(await names()).toEqual(['a_load', 'b_load']);
    expect(await names()).toEqual(['a_load', 'b_load']);
    await psyberg.sql('alter table raw.events rename column kind to sort');
    for (let time = 0; time < 2; time += 1)
      await expect(names()).rejects.toThrow(/^processes\/a\.sql:8:28 Binder Error: .*"kind"/);
    await psyberg.sql('alter table raw.events rename column sort to kind');
    expect(await names()).toEqual(['a_load', 'b_load']);
  } finally {
    await psyberg.close();
  }
}, 60_000);
