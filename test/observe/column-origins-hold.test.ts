// Goal: no origin is missing. Method: random queries, which DuckDB runs over two tables and over the same ones
// with the values of one column changed: a column of the result that differs has the changed one among its
// origins, or among what decides the rows. The names of functions are DuckDB's own.
import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { TreeNode } from '../../src/model/query-tree.ts';
import { AGGREGATES } from '../../src/model/rows-together.ts';
import { columnOrigins } from '../../src/observe/lineage/column-origins.ts';
import { LAMBDA_FUNCTIONS } from '../../src/observe/lineage/functions.ts';
import { propertySeed } from '../support/property-seed.ts';

const TABLES = new Map([
  ['a', ['x', 'y', 'z']],
  ['b', ['x', 'w']],
]);

/** A query whose columns are whole numbers. */
interface Query {
  readonly sql: string;
  readonly columns: readonly string[];
}

/** Makes a query of choices: each takes the next number. */
function queryOf(choices: readonly number[]): Query {
  let at = 0;
  let names = 0;
  const choose = (count: number): number => (choices[at++ % choices.length] as number) % count;
  const oneOf = <Value>(values: readonly Value[]): Value => values[choose(values.length)] as Value;
  const newName = (): string => `${oneOf(['x', 'y', 'n'])}${names++}`;

  /** Tables with the columns that can be asked for. */
  function from(depth: number): Query {
    const alias = `t${names++}`;
    const named = (sql: string, columns: readonly string[]): Query => ({
      sql,
      columns: columns.map((column) => `${alias}.${column}`),
    });
    switch (depth === 0 ? choose(2) : choose(7)) {
      case 0:
        return named(`a as ${alias}`, ['x', 'y', 'z']);
      case 1:
        return named(`b as ${alias}`, ['x', 'w']);
      case 2: {
        const { sql, columns } = query(depth - 1);
        return named(`(${sql}) as ${alias}`, columns);
      }
      case 3: {
        const { sql, columns } = query(depth - 1);
        const renamed = columns.map((_, place) => `r${place}`);
        return named(`(${sql}) as ${alias}(${renamed.join(', ')})`, renamed);
      }
      case 4: {
        const left = from(depth - 1);
        const kind = oneOf(['join', 'left join', 'right join', 'full join', 'semi join', 'anti join']);
        const right = from(0);
        const on = `${oneOf(left.columns)} = ${oneOf(right.columns)}`;
        const isFilter = kind === 'semi join' || kind === 'anti join';
        const columns = [...left.columns, ...(isFilter ? [] : right.columns)];
        return { sql: `${left.sql} ${kind} ${right.sql} on ${on}`, columns };
      }
      case 5: {
        const kind = oneOf(['join', 'left join', 'right join', 'full join']);
        return { sql: `a as ${alias} ${kind} b as ${alias}b using (x)`, columns: ['x', 'y', 'w'] };
      }
      default: {
        const left = from(depth - 1);
        const [first, second] = [oneOf(left.columns), oneOf(left.columns)];
        const right = oneOf([
          `unnest([${first}, 3]) as ${alias}(v)`,
          `(values (${first}), (${second})) as ${alias}(v)`,
          `lateral (select max(w) as v from b where b.x > ${first}) as ${alias}`,
        ]);
        return { sql: `${left.sql}, ${right}`, columns: [...left.columns, `${alias}.v`] };
      }
    }
  }

  function expression(columns: readonly string[], depth = 2): string {
    const below = (): string => (depth === 0 ? oneOf(columns) : expression(columns, depth - 1));
    switch (choose(9)) {
      case 0:
        return `(${below()} + ${below()})`;
      case 1:
        return `(case when ${below()} > 3 then ${below()} else ${below()} end)`;
      case 2:
        return `(select max(w) from b where b.x = ${oneOf(columns)})`;
      case 3:
        return `list_sum(list_transform([${below()}, 2], e -> e + ${oneOf(columns)}))`;
      case 4:
        return `coalesce({'f': ${below()}}.f, 0)`;
      case 5:
        return `(${below()} in (select y from a where z > ${oneOf(columns)}))::int`;
      default:
        return oneOf(columns);
    }
  }

  function query(depth: number): Query {
    const around = depth > 0 ? choose(8) : 0;
    if (around === 5) {
      const [left, right] = [query(depth - 1), query(depth - 1)];
      const width = Math.min(left.columns.length, right.columns.length);
      const part = ({ sql, columns }: Query): string =>
        `(select ${columns.slice(0, width).join(', ')} from (${sql}) as q${names++})`;
      const kind = oneOf(['union all', 'union', 'except', 'intersect', 'union all by name']);
      const sql = `${part(left)} ${kind} ${part(right)}${oneOf(['', ' order by all limit 4', ' order by 1, all limit 2'])}`;
      const byName = [...left.columns.slice(0, width), ...right.columns.slice(0, width)];
      return { sql, columns: kind.endsWith('by name') ? [...new Set(byName)] : left.columns.slice(0, width) };
    }
    if (around === 6) {
      // The name hides a table of the same name.
      const name = oneOf(['a', 'c']);
      const { sql, columns } = query(depth - 1);
      const [first = ''] = columns;
      const all = columns.join(', ');
      return {
        sql: `with ${name} as (${sql}) select ${all} from ${name} where ${first} is not null`,
        columns,
      };
    }
    return plain(depth);
  }

  function plain(depth: number): Query {
    const { sql, columns } = from(depth);
    const where = oneOf(['', ` where ${expression(columns)} > 2`, ` where ${oneOf(columns)} % 2 = 0`]);
    const [first, second] = [newName(), newName()];
    const [one, two] = [expression(columns), expression(columns)];
    const total = oneOf(['sum', 'mad', 'max', 'bit_xor']);
    const list = [
      { items: `${one} as ${first}, ${two} as ${second}`, tail: '' },
      { items: `${one} as ${first}, ${first} + ${oneOf(columns)} as ${second}`, tail: '' },
      { items: `${one} as ${first}, ${total}(${two})::bigint as ${second}`, tail: ' group by all' },
      { items: `${one} as ${first}, ${total}(${two})::bigint as ${second}`, tail: ' group by 1' },
      { items: `${one} as ${first}, count(*) as ${second}`, tail: ` group by ${first}` },
      { items: `distinct ${one} as ${first}, ${two} as ${second}`, tail: ` order by ${second}, 1 limit 3` },
      {
        items: `${one} as ${first}, (sum(${two}) over (partition by ${oneOf(columns)}))::bigint as ${second}`,
        tail: ` qualify ${second} > 1`,
      },
      { items: `${one} as ${first}, unnest(range(abs(${oneOf(columns)}) % 3)) as ${second}`, tail: '' },
    ];
    const { items, tail } = oneOf(list);
    return { sql: `select ${items} from ${sql}${where}${tail}`, columns: [first, second] };
  }
  return query(3);
}

const instance = await DuckDBInstance.create();
const connection = await instance.connect();
const rowsOf = async (sql: string): Promise<unknown[][]> =>
  (await connection.runAndReadAll(sql)).getRowsJson();

const BASE = {
  a: '(values (1, 2, 3), (2, 2, 5), (3, 4, 1), (4, 1, 4), (5, 3, 2), (2, 6, 6)) as t(x, y, z)',
  b: '(values (1, 7), (2, 3), (4, 5), (9, 2)) as t(x, w)',
} as const;
/** What becomes of a value; several, so that hardly a difference is missed. */
const CHANGES = ['COLUMN * 7 % 11', '-COLUMN', '8 - COLUMN'];

const fill = async (table: keyof typeof BASE, replaced = ''): Promise<void> => {
  await connection.run(`create or replace temp table ${table} as select * ${replaced} from ${BASE[table]}`);
};

beforeAll(async () => {
  await fill('a');
  await fill('b');
});
afterAll(() => {
  connection.closeSync();
  instance.closeSync();
});

/** Values of each column, in an order of their own. */
const columnsOf = (rows: readonly unknown[][]): string[] =>
  (rows[0] ?? []).map((_, place) =>
    rows
      .map((row) => String(row[place]))
      .sort()
      .join(),
  );

it('is told of every column that a value depends on', async () => {
  let told = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(10_000), { minLength: 20, maxLength: 60 }), async (choices) => {
      const { sql } = queryOf(choices);
      const before = await rowsOf(sql).catch(() => undefined);
      // What DuckDB does not take, an alias within an aggregate say, tells nothing.
      fc.pre(before !== undefined);
      const [tree = []] = await rowsOf(`select json_serialize_sql('${sql.replaceAll("'", "''")}')`);
      const found = columnOrigins(JSON.parse(tree[0] as string) as TreeNode, TABLES);
      if (found === undefined) return;
      told += 1;
      for (const [table, columns] of TABLES)
        for (const column of columns)
          for (const change of CHANGES) {
            const name = table as keyof typeof BASE;
            await fill(name, `replace (${change.replace('COLUMN', column)} as ${column})`);
            const after = await rowsOf(sql);
            await fill(name);
            const [old, now] = [columnsOf(before as unknown[][]), columnsOf(after)];
            for (const [place, { origins }] of found.columns.entries()) {
              if (old[place] === now[place]) continue;
              const all = [...origins, ...found.rows].map((origin) => `${origin.source}.${origin.column}`);
              expect(all, `${sql}\ncolumn ${place} differs where ${table}.${column} does`).toContain(
                `${table}.${column}`,
              );
            }
          }
    }),
    { numRuns: 30, endOnFailure: true, ...propertySeed() },
  );
  // Else it would hold since nothing is told.
  expect(told).toBeGreaterThan(20);
}, 120_000);

it('knows the aggregates, and what takes a function, as DuckDB lists them', async () => {
  const named = async (condition: string): Promise<unknown[]> =>
    (await rowsOf(`select distinct function_name from duckdb_functions() where ${condition}`)).flat();
  // Of windows alone, and one that is a macro of DuckDB's command line as well.
  const windows =
    'cume_dist dense_rank fill first_value lag last_value lead nth_value ntile percent_rank rank';
  const others = new Set([...windows.split(' '), 'rank_dense', 'row_number']);
  const aggregates = (await named("function_type = 'aggregate'")).filter((name) => !others.has(String(name)));
  expect(aggregates.filter((name) => !AGGREGATES.has(String(name)))).toEqual([]);
  const lambdas = await named("list_contains(parameter_types, 'LAMBDA')");
  expect(lambdas.filter((name) => !LAMBDA_FUNCTIONS.has(String(name)))).toEqual([]);
  expect(lambdas.length).toBeGreaterThan(5);
});
