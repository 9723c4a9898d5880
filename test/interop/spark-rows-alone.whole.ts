// Goal: nothing is published of Spark SQL that takes rows together which sessions see at different times, also where DuckDB's
// parser does not read it, or reads an aggregate of Spark's as a plain function; and what takes each row, or each hour, alone
// is published. Method: queries over a few rows, in the first session.
import { beforeAll, describe, expect, it } from 'vitest';
import { hourAt, processFile, worldForTest } from '../support/world.ts';
import { missingJava } from './java/java.ts';
import { SPARK_VERSION } from './spark/connect.ts';
import { sharedSpark } from './spark/shared.ts';
import { EVENTS, withSpark } from './spark-twins.ts';

const missing = await missingJava();
beforeAll(async () => {
  if (missing === undefined) await sharedSpark();
}, 600_000);

const LOOKUP = { table: 'raw.names', alias: 'l', lookup: true };

/** Runs a process for each query. @returns its outcome, in their order. */
async function outcomes(
  header: Readonly<Record<string, unknown>>,
  queries: Readonly<Record<string, string>>,
): Promise<Record<string, unknown>> {
  const named = Object.entries(queries).map(([name, sql], index) => ({ name, id: `q${index}`, sql }));
  const world = await withSpark(
    await worldForTest({
      processes: named.map(({ id, sql }) =>
        processFile(
          {
            ...header,
            process_name: id,
            engine: 'spark',
            sources: [EVENTS, LOOKUP],
            target: { ...(header['target'] as object), table: `facts.${id}` },
          },
          sql,
        ),
      ),
      files: {},
      catalog: { warehouse: 'warehouse' },
    }),
  );
  await world.create('raw.events', 'id bigint, ts timestamptz, xs int[], x double');
  await world.create('raw.names', 'id bigint, name varchar');
  await world.land(
    'raw.events',
    [0, 2, 3, 3]
      .map(
        (hour, id) =>
          `select ${id}, timestamptz '${hourAt(hour)}' + to_minutes(${id}), [1, 2, ${id}], 0.1 * ${id}`,
      )
      .join(' union all '),
  );
  await world.land('raw.names', "select 1, 'one' union all select 2, 'two'");
  const records = await world.run();
  const outcome = Object.fromEntries(
    named.map(({ name, id }) => {
      const record = records.find(({ process_name: of }) => of === id);
      return [name, record?.error?.code ?? record?.status];
    }),
  );
  expect(await world.leftovers()).toEqual([]);
  return outcome;
}

const all = (queries: Readonly<Record<string, string>>, outcome: string): Record<string, string> =>
  Object.fromEntries(Object.keys(queries).map((name) => [name, outcome]));

describe.skipIf(missing !== undefined)('Spark SQL', () => {
  it('of a stateless process is refused where it takes rows together', { timeout: 600_000 }, async () => {
    const queries = {
      grouped: 'select id % 2 as k, count(*) as n from e group by id % 2',
      // DuckDB's parser knows no such aggregates.
      'any()': 'select any(id > 1) as a from e',
      'first_value()': 'select first_value(id) as id from e',
      // It does not read these at all.
      'a lateral view, grouped': 'select y, count(*) as n from e lateral view explode(xs) t as y group by y',
      'sorted within parts, and limited': 'select id from e distribute by id sort by ts limit 3',
      'a sample': 'select id from e tablesample (1 rows)',
      // Of 400 rows: of few ones a sample and those of their halves would now and then be the same.
      'a bucket of a sample':
        'select id, y from (select id, explode(sequence(1, 100)) as y from e) tablesample (bucket 1 out of 2)',
      sessions:
        "select w.start as s, n from (select session_window(ts, '90 minutes') as w, count(*) as n from e group by session_window(ts, '90 minutes'))",
      'the row before': 'select id, lag(id) over (order by ts) as b from e',
      'the row before, beside chance': 'select id, lag(id) over (order by ts) as b, uuid() as u from e',
      'a floating-point number alone': 'select avg(x) as m from e',
      'rows of no source': 'select id from e union all select 0',
      pivoted: 'select * from (select id % 2 as k, x from e) pivot (sum(x) for k in (0, 1))',
      'collected maps':
        'select id % 2 as k, map_from_entries(collect_list(struct(id, x))) as m from e group by id % 2',
    };
    expect(await outcomes({ pattern: 'stateless' }, queries)).toEqual(all(queries, 'rows-not-alone'));
  });

  it('of a stateless process is published where it takes each row alone', { timeout: 600_000 }, async () => {
    const queries = {
      'a lateral view': 'select id, ts, y from e lateral view outer explode(xs) t as y',
      'functions over lists':
        'select id, transform(xs, x -> x + 1) as up, aggregate(xs, 0, (a, x) -> a + x) as s from e',
      'sorted within parts': 'select id, ts from e distribute by id sort by ts',
      'a hint': 'select /*+ coalesce(1) */ id, uuid() as u, current_timestamp() as at from e',
      'a lookup': 'select e.id, l.name from e left join l on l.id = e.id',
      'grouped by its row': 'select e.id, count(l.name) as n from e left join l on l.id = e.id group by e.id',
      'a list of its own': 'select id, (select max(y) from explode(xs) as t(y)) as top from e',
      // Spark 3.5 knows no pipes.
      ...(SPARK_VERSION.startsWith('3.') ? {} : { piped: 'from e |> where id > 0 |> select id, ts' }),
      stacked: 'select id, stack(2, x, -x) as y from e',
    };
    expect(await outcomes({ pattern: 'stateless' }, queries)).toEqual(all(queries, 'published'));
  });

  it('of a stateful process is held to hours in other company', { timeout: 600_000 }, async () => {
    const header = { pattern: 'stateful', target: { event_time: 'ts' } };
    const together = {
      'the row before': 'select id, ts, lag(id) over (order by ts) as b from e',
      'the row before, beside chance and the time of now':
        'select id, ts, lag(id) over (order by ts) as b, rand() as r, now() as at from e',
      'a lateral view, running':
        'select ts, y, sum(y) over (order by ts, y) as s from e lateral view explode(xs) t as y',
      'two hours':
        "select window(ts, '2 hours').start as ts, count(*) as n from e group by window(ts, '2 hours')",
      'the first rows': 'select id, ts from e distribute by id sort by ts limit 2',
    };
    const alone = {
      hours: "select date_trunc('HOUR', ts) as ts, count(*) as n from e group by 1",
      'windows of an hour':
        "select window(ts, '1 hour').start as ts, collect_list(id) as ids, avg(x) as m from e group by window(ts, '1 hour')",
      'a lateral view':
        "select date_trunc('HOUR', ts) as ts, y, count(*) as n, map('k', y) as m, struct(y as a, array(y) as b) as s from e lateral view explode(xs) t as y group by 1, 2",
      'stored as others':
        "select cast(ts as timestamp_ntz) as ts, cast(id as smallint) as id, cast(x as float) as x, cast(x as decimal(9, 3)) as d, '1' as t, date '2024-01-01' as at from e lateral view explode(xs) t as y",
    };
    expect(await outcomes(header, { ...together, ...alone })).toEqual({
      ...all(together, 'hours-not-alone'),
      ...all(alone, 'published'),
    });
  });
});
