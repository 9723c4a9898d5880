// Goal: rows with NaN are loaded by queries that compare it, whoever wrote their files. Method: PyIceberg, whose
// files have bounds that leave NaN out; targets and verify before and after a compaction that writes them anew.
import { expect, it } from 'vitest';
import { processFile, worldForTest } from '../support/world.ts';
import { runPython } from './python.ts';

const APPEND = `
import pyarrow as pa, datetime
from pyiceberg.catalog import load_catalog
catalog = load_catalog('rest', **{'type': 'rest', 'uri': argument['uri'], 'token': argument['token']})
n = float('nan')
hour = lambda minute: datetime.datetime(2023, 9, 14, 1, minute, tzinfo=datetime.timezone.utc)
structs = pa.struct([('y', pa.float64())])
catalog.load_table('raw.a').append(pa.table({
  'id': pa.array([1, 2, 3, 4], pa.int32()),
  'x': pa.array([1.0, 2.0, n, 3.0], pa.float64()),
  'f': pa.array([1.0, n, 2.0, 3.0], pa.float32()),
  's': pa.array([{'y': 1.0}, {'y': 2.0}, {'y': n}, None], structs),
  'l': pa.array([[1.0], [n], None, [2.0]], pa.list_(pa.float64())),
  'ts': pa.array([hour(i) for i in range(4)], pa.timestamp('us', 'UTC')),
}))
catalog.load_table('dims.limits').append(pa.table({
  'name': pa.array(['none', 'low'], pa.string()),
  'least': pa.array([n, 2.5], pa.float64()),
}))
print(json.dumps(1))`;

/** Names of processes, each with its query and the rows of its target. */
const QUERIES = {
  number: ['select id, ts from a where x > 5', [3]],
  equal: ["select id, ts from a where x = 'nan'::double or x = 1", [1, 3]],
  small: ['select id, ts from a where f >= 2.5', [2, 4]],
  inside: ['select id, ts from a where s.y > 5', [3]],
  list: ['select id, ts from a where l[1] > 5', [2]],
  most: ['select arg_max(id, x) as id, max(ts) as ts from a', [3]],
  joined: ["select id, ts from a join limits on x = least and limits.name = 'none'", [3]],
  looked: [
    'select id, ts from a, (select max(least) as least from limits where least > 5) as m where x >= m.least',
    [3],
  ],
} as const satisfies Record<string, readonly [string, readonly number[]]>;

it.each(['stateful', 'stateless'] as const)(
  '%s processes load rows of NaN',
  async (pattern) => {
    // A row of an hour does not stand alone.
    const queries = Object.entries(QUERIES).filter(([name]) => pattern === 'stateful' || name !== 'most');
    const processes = queries.map(([name, [sql]]) =>
      processFile(
        {
          process_name: name,
          pattern,
          sources: [
            { table: 'raw.a', event_time: 'ts' },
            ...(sql.includes('limits') ? [{ table: 'dims.limits', lookup: true }] : []),
          ],
          target: { table: `facts.${name}`, event_time: 'ts' },
        },
        sql,
      ),
    );
    const world = await worldForTest({ processes });
    await world.create('raw.a', 'id int, x double, f float, s struct(y double), l double[], ts timestamptz');
    await world.create('dims.limits', 'name varchar, least double');
    const { uri, token } = world.psyberg.internals.catalog as {
      readonly uri: string;
      readonly token: string;
    };
    await runPython(APPEND, { uri, token });
    for (const record of await world.run()) expect(record).toMatchObject({ status: 'published' });
    for (const [name, [, ids]] of queries)
      expect([name, await world.rows(`select id from facts.${name}`)]).toEqual([
        name,
        ids.map((id) => `[${id}]`),
      ]);
    const names = queries.map(([name]) => name);
    const verified = await world.psyberg.verify(names);
    expect(verified.map(({ status }) => status)).toEqual(verified.map(() => 'equal'));
    // Written anew by DuckDB.
    await world.changeFiles('raw.a', {
      operation: 'replace',
      remove: (files) => files,
      insert: 'select * from raw.a',
    });
    await world.run();
    const again = await world.psyberg.verify(names);
    expect(again.map(({ status }) => status)).toEqual(again.map(() => 'equal'));
  },
  240_000,
);
