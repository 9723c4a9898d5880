// Goal: a project's macros are defined for every connection that runs SQL of a user, and one that would read more
// than it is given, or take a name that is DuckDB's, is refused with its place. Method: DuckDB alone, texts as
// macros.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Engine, forkForQueries, openEngine } from '../../src/engine/index.ts';
import { PsybergError } from '../../src/model/errors.ts';
import type { MacroSpec, ProcessSpec } from '../../src/model/process-spec.ts';
import { defineMacros } from '../../src/workload/duckdb/define-macros.ts';
import { refuseUndeclared } from '../../src/workload/duckdb/refuse-undeclared.ts';
import { placeInTemplate } from '../../src/workload/duckdb/sql-faults.ts';

let base: Engine;
beforeAll(async () => {
  base = await openEngine({ threads: 1, memoryLimit: '500MB' });
  await base.execute({ sql: 'create table stray as select 1 as i', parameters: {} });
});
afterAll(() => base.close());

/** Each definition is the third line of a file of its own, and begins in column 14. */
const macrosOf = (definitions: readonly string[]): MacroSpec[] =>
  definitions.map((definition, index) => ({
    name: /^(?:"([^"]+)"|(\w+))/
      .exec(definition)
      ?.slice(1)
      .find((name) => name !== undefined) as string,
    file: `/p/macros/${index}.sql`,
    place: { line: 3, column: 14 },
    definition,
  }));

/** A connection of its own: macros belong to the one that defines them. */
async function defining(...definitions: string[]): Promise<Engine> {
  const engine = { ...(await base.fork()), definitions: [] as string[] };
  await defineMacros(engine, { root: '/p', macros: macrosOf(definitions) });
  return engine;
}

async function problemOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof PsybergError)) throw new Error('it was accepted', { cause: error });
  expect(error).toMatchObject({ kind: 'usage', hint: expect.stringMatching(/\S/) });
  return `${error.code} ${error.message}`;
}

const DEDUPED = 'deduped(source, keep := 1) as table select distinct * from query_table(source) limit keep';

describe('macros', () => {
  it('of both kinds, in several forms, calling one another and reading what they are given', async () => {
    const engine = await defining(
      'twice(x) as 2 * x, (x, y) as 2 * x + y',
      'more(x) as twice(x, 1)',
      'own(n) as table with recursive q as (select 1 as i union all select i + 1 from q where i < n) from q',
      DEDUPED,
      'through(t) as table from deduped(t, keep := 5)',
      'counted(t) as (select count(*) from query_table([t]))',
      'spread(l) as table select unnest(l) as v from range(1)',
    );
    const sql =
      "with a as (select 7 as i) select more(3) as m, twice(4) as t, (select max(i) from own(3)) as o, (from through('a')) as d, counted('a') as c, (select sum(v)::integer from spread([1, 2])) as s";
    expect(await engine.query({ sql, parameters: {} })).toEqual([{ m: 7, t: 8, o: 3, d: 7, c: 1n, s: 3 }]);
  });

  it('are on connections that are forked for queries', async () => {
    const engine = await defining('one() as 1', 'two() as one() + 1');
    expect(engine.definitions).toEqual([
      'create temp macro one() as 1',
      'create temp macro two() as one() + 1',
    ]);
  });

  it.each<[string[], string]>([
    [['broken(x) as x +'], 'macros/0.sql:3:14 the macro broken cannot be defined: Parser Error'],
    [['broken(x) as (x x x)'], 'macros/0.sql:3:'],
    [
      ['broken(x) as\n  case when x then\n    nothing_of(x) end'],
      'macros/0.sql:5:5 the macro broken cannot be defined',
    ],
    [['one(x) as one_more(x)', 'two(x) as one(x)'], 'macros/0.sql:3:24 the macro one cannot'],
    [['reads() as table from elsewhere'], 'macros/0.sql:3:36 the macro reads reads the table elsewhere'],
    [['reads() as table from stray'], 'macros/0.sql:3:14 the macro reads reads the table stray'],
    [['reads() as (select max(i) from memory.main.stray)'], 'reads the table memory.main.stray'],
    [['reads() as table with q as (from stray) from q'], 'reads the table stray'],
    [["reads() as table from query_table('stray')"], 'reads the table stray'],
    [["reads(t) as table from query_table(t || 's')"], 'reads a table whose name it makes up'],
    [["reads(t) as table from query_table(case when true then 'stray' else t end)"], 'makes up'],
    [['reads(f) as table from read_csv(f)'], 'reads what read_csv() gives'],
    [['reads() as table from duckdb_tables()'], 'reads what duckdb_tables() gives'],
    [['reads(q) as table from query(q)'], 'reads what query() gives'],
    [['reads() as table from (show tables)'], 'reads what DuckDB knows of tables'],
    [
      [DEDUPED, "reads() as table from deduped('stray')"],
      'macros/1.sql:3:14 the macro reads reads the table stray',
    ],
    [["given(t := 'stray') as table from query_table(t)", 'reads() as table from given()'], 'makes up'],
    [['Mixed() as table from stray'], 'the macro Mixed reads the table stray'],
    [['"Od d"() as (select max(i) from stray)'], 'reads the table stray'],
    [['two(x) as x, (x, y) as (select max(i) from stray)'], 'reads the table stray'],
    [['described() as table (describe stray)'], 'reads'],
    [['summed() as table (summarize stray)'], 'reads'],
    [['turned() as table pivot stray on i in (1) using count(*)'], 'reads the table stray'],
    [['valued() as table (values ((select max(i) from stray)))'], 'reads the table stray'],
    [['lower(x) as x'], 'macros/0.sql:3:14 lower is a function of DuckDB'],
    [['Read_CSV(x) as table select x'], 'Read_CSV is a function of DuckDB'],
  ])('refused: %s', async (definitions, problem) => {
    expect(await problemOf(defining(...definitions))).toContain(problem);
  });

  it('are reported all at once, those that only miss another one not', async () => {
    const text = await problemOf(defining('a(x) as x +', 'b(x) as a(x)', 'c(x) as nowhere(x)'));
    expect(text.split('\n')).toEqual([
      expect.stringContaining('macros/0.sql:3:14 the macro a'),
      expect.stringContaining('macros/2.sql:3:22 the macro c'),
    ]);
  });
});

describe('tables that a query names to macros', () => {
  const check = async (sql: string, audits: readonly object[] = []): Promise<void> => {
    const engine = await defining(
      DEDUPED,
      'counted(t) as (select count(*) from deduped(t))',
      "defaulted(x, t := 'stray') as table select x, * from query_table(t)",
    );
    const spec = {
      sources: [{ alias: 'Events' }],
      processName: 'p',
      target: { table: { namespace: ['facts'], name: 't' } },
      pattern: 'stateless',
      macros: [],
      file: '/p/processes/a.sql',
      sqlOffset: { line: 10, column: 3 },
      sql,
      audits,
    } as unknown as ProcessSpec;
    const [row] = await engine.query({
      sql: `select json_serialize_sql('${sql.replaceAll("'", "''")}')::varchar as tree`,
      parameters: {},
    });
    await refuseUndeclared(engine, { root: '/p' }, spec, JSON.parse(String(row?.['tree'])));
  };
  const audit = {
    sql: "from deduped('Staged') union all from deduped('target')",
    file: '/p/audits/b.sql',
    place: { line: 1, column: 1 },
  };

  it('are its aliases and what it makes itself', async () => {
    await check(
      "with own as (select 1) select counted('events') from deduped('EVENTS'), deduped('own'), defaulted(1, t := '\"Events\"')",
      [audit],
    );
  });
  it.each([
    [
      "select *\nfrom deduped('stray')",
      'macro-table-undeclared processes/a.sql:11:14 a macro is to read stray',
    ],
    ["select counted('lake.raw.events')", 'processes/a.sql:10:18 a macro is to read lake.raw.events'],
    ["from deduped(source := 'main.events')", 'a macro is to read main.events'],
    ["from deduped('staged')", 'a macro is to read staged'],
    ["from events, read_parquet('x.parquet')", 'table-not-declared processes/a.sql:10:16 p reads what'],
    ["from deduped('ev' || 'ents')", 'the name of a table that a macro reads must stand there as text'],
    ['from defaulted(1)', 'must stand there as text'],
  ])('refused: %s', async (sql, problem) => {
    expect(await problemOf(check(sql))).toContain(problem);
  });
  it('in an audit, and in an expression of one', async () => {
    const own = { ...audit, sql: "from deduped('previous')" };
    expect(await problemOf(check('from events', [own]))).toContain(
      'audits/b.sql:1:14 a macro is to read previous',
    );
    const expression = { expression: "counted('events') > 1", place: { line: 4, column: 5 } };
    expect(await problemOf(check('from events', [expression]))).toContain(
      'processes/a.sql:4:5 a macro is to read events',
    );
  });
});

it('a fork for queries has the macros', async () => {
  const engine = await openEngine({ threads: 1, memoryLimit: '500MB' });
  await defineMacros(engine, { root: '/p', macros: macrosOf(['plus(x) as x + 1']) });
  const fork = await forkForQueries(engine);
  expect(await fork.query({ sql: 'select plus(1) as x', parameters: {} })).toEqual([{ x: 2 }]);
  engine.close();
});

it.each([
  ['a {{x}} b', 'a "long name" b', 14, 8],
  ['a {{x}} b', 'a "long name" b', 5, 2],
  ['a {{x}} b', 'a "long name" b', 1, 1],
  ['{{x}} = {{y}} c', '"p", "q" = "r" c', 15, 14],
  ['no names', 'no names', 4, 4],
])('a place behind names that were put in is that of the file: %s', (template, text, found, written) => {
  expect(placeInTemplate({ line: 1, column: found }, `x\n${template}`, `x\n${text}`)).toEqual({
    line: 1,
    column: written,
  });
});
