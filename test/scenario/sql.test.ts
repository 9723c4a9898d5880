// Goal: `sql` answers what was asked, in full, and says where it looked. Method: the library over one project,
// and a script that forgets to close it.
import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createWorld, type World } from '../support/world.ts';

let world: World;
const returned = async (expression: string): Promise<unknown> =>
  (await world.psyberg.sql(`select ${expression} as v`)).rows[0]?.[0];
const setRef = async (table: string, name: string, type: 'branch' | 'tag', at: number): Promise<void> =>
  world.commit(table, [
    {
      action: 'set-snapshot-ref',
      'ref-name': name,
      type,
      'snapshot-id': (await world.history(table)).at(at)?.['snapshot-id'] as bigint,
    },
  ]);

beforeAll(async () => {
  world = await createWorld();
  for (const table of ['raw.a', 'facts.b']) {
    await world.create(table, 'id bigint');
    await world.land(table, 'select 1');
    await world.land(table, 'select 2');
  }
  await setRef('raw.a', 'work', 'branch', 0);
  await setRef('raw.a', 'kept', 'tag', 0);
  await setRef('facts.b', 'other', 'branch', 0);
}, 60_000);
afterAll(() => world.close());

describe('a branch', () => {
  it('is read where a table has it, main where it has not, and the answer says which', async () => {
    const { rows, branches } = await world.psyberg.sql(
      'select (select count(*) from raw.a), (select count(*) from facts.b)',
      { branch: 'work' },
    );
    expect(rows).toEqual([[1n, 2n]]);
    expect(branches).toEqual({ 'facts.b': 'main', 'raw.a': 'branch' });
  });
  it('may be a tag', async () => {
    const { rows, branches } = await world.psyberg.sql('select count(*) from raw.a', { branch: 'kept' });
    expect([rows, branches]).toEqual([[[1n]], { 'raw.a': 'tag' }]);
  });
  it('may be main', async () => {
    const { rows, branches } = await world.psyberg.sql('select count(*) from raw.a', { branch: 'main' });
    expect([rows, branches]).toEqual([[[2n]], { 'raw.a': 'main' }]);
  });
  it.for([
    [
      'select * from raw.a',
      'wrok',
      /of the query \(raw\.a\).*"wrok".*kept \(tag of raw\.a\).*work \(raw\.a\)/,
    ],
    ['select * from facts.b', 'work', /of the query \(facts\.b\).*only other tables do/],
    ['insert into raw.a values (3)', 'wrok', /"wrok"/],
    ['select 1', '', /no table has a branch or tag ""/],
    ['show tables', 'wrok', /no table has a branch or tag "wrok"/],
  ] as const)('that no table of the query has is an error: %s on %s', async ([query, branch, message]) => {
    await expect(world.psyberg.sql(query, { branch })).rejects.toMatchObject({
      code: 'branch-unknown',
      kind: 'usage',
      message: expect.stringMatching(message),
    });
    expect(await world.sql('select count(*) as n from raw.a')).toEqual([{ n: 2n }]);
  });
  it('is not asked for by a query without tables', async () => {
    expect((await world.psyberg.sql('select 1', { branch: 'work' })).rows).toEqual([[1]]);
  });
});

describe('a result', () => {
  it('keeps every column, also of one name', async () => {
    const { columns, toObjects } = await world.psyberg.sql("select 'a' as x, 'b' as x, 'c' as x_1, 'd' as x");
    expect(columns.map(({ name }) => name)).toEqual(['x', 'x_2', 'x_1', 'x_3']);
    expect(toObjects()).toEqual([{ x: 'a', x_2: 'b', x_1: 'c', x_3: 'd' }]);
  });
  it('is one of each statement, and of the last', async () => {
    const result = await world.psyberg.sql('select 1 as x; create temp table t as select 5 as y; from t;');
    expect(result.toObjects()).toEqual([{ y: 5 }]);
    expect(result.results.map((each) => each.rows)).toEqual([[[1]], [[1n]], [[5]]]);
  });
  it('is none where a later statement cannot be parsed: nothing has run', async () => {
    await expect(world.sql('insert into raw.a values (3); selec 1')).rejects.toThrow(/Parser Error/);
    expect(await world.sql('select count(*) as n from raw.a')).toEqual([{ n: 2n }]);
  });
  it('goes on after a transaction that failed', async () => {
    await expect(world.sql("begin; select 'x'::int")).rejects.toThrow(/Conversion Error/);
    expect(await world.sql('select 1 as n')).toEqual([{ n: 1 }]);
  });
  it.for([
    ["timestamp '2026-01-01 00:00:00.5'", '2026-01-01T00:00:00.5'],
    ["timestamptz '2026-01-01 00:00:00+01'", '2025-12-31T23:00:00Z'],
    ["timestamp_s '1969-12-31 23:59:59'", '1969-12-31T23:59:59'],
    ["timestamp_ms '1969-12-31 23:59:59.001'", '1969-12-31T23:59:59.001'],
    ["timestamp_ns '1969-12-31 23:59:59.123456789'", '1969-12-31T23:59:59.123456789'],
    ["timestamp '-infinity'", '-infinity'],
    ["date '2026-01-31'", '2026-01-31'],
    ["date 'infinity'", 'infinity'],
    ["date '10000-02-03'", '+010000-02-03'],
    ['9223372036854775807', 9223372036854775807n],
    ['-0.05::decimal(4, 2)', '-0.05'],
    ['-0.0::double', -0],
    ["'nan'::double", Number.NaN],
    ["'-infinity'::double", -Infinity],
    ["interval '1 month 2 days 03:04:05'", '1 month 2 days 03:04:05'],
    ["'\\x00\\xFF'::blob", '00ff'],
    ["{'a': null, 'b': [timestamp '2026-01-01']}", { a: null, b: ['2026-01-01T00:00:00'] }],
    ["map {{'x': 1}: 2}", { '{"x":1}': 2 }],
    ['union_value(n := 3)', 3],
  ] as const)('says %s as %s', async ([expression, expected]) => {
    expect(await returned(expression)).toEqual(expected);
  });
});

describe('a list of tables', () => {
  it('names them as a query does, with those of the connection', async () => {
    await world.sql('create temp table mine as select 1 as n');
    const { toObjects } = await world.psyberg.sql('show tables');
    expect(toObjects().map(({ name }) => name)).toEqual(expect.arrayContaining(['facts.b', 'mine', 'raw.a']));
  });
  it('knows their columns', async () => {
    await world.reopen();
    expect(
      (await world.sql('SHOW ALL TABLES;')).find(({ schema, name }) => schema === 'raw' && name === 'a'),
    ).toMatchObject({ column_names: ['id'], column_types: ['BIGINT'] });
    expect((await world.sql('describe facts.b'))[0]).toMatchObject({
      column_name: 'id',
      column_type: 'BIGINT',
    });
  });
});

describe('a parameter', () => {
  it.for([
    [1, 'BIGINT', 1n],
    [1.5, 'DOUBLE', 1.5],
    [9007199254740993n, 'BIGINT', 9007199254740993n],
    [2n ** 70n, 'HUGEINT', 2n ** 70n],
    [new Date(0), 'TIMESTAMP WITH TIME ZONE', '1970-01-01T00:00:00Z'],
    ["it's", 'VARCHAR', "it's"],
    [[1, 2.5], 'DOUBLE[]', [1, 2.5]],
    [[], 'VARCHAR[]', []],
    [null, '"NULL"', null],
  ] as const)('%s is bound as %s', async ([value, type, expected]) => {
    const { rows } = await world.psyberg.sql('select typeof($v), $v', { parameters: { v: value } });
    expect(rows).toEqual([[type, expected]]);
  });
  it('is given to each statement that names it', async () => {
    const { results } = await world.psyberg.sql('select $a; select 0; select id from raw.a where id = $b', {
      parameters: { a: 7, b: 2 },
    });
    expect(results.map(({ rows }) => rows)).toEqual([[[7n]], [[0]], [[2n]]]);
  });
  it.for([
    [{}, 'parameter-missing', /names \$id/],
    [{ id: 1, di: 2 }, 'parameter-unknown', /\$di/],
    [{ id: { x: 1 } as never }, 'parameter-type', /\$id is object/],
  ] as const)('%o: %s', async ([parameters, code, message]) => {
    await expect(world.psyberg.sql('select $id', { parameters })).rejects.toMatchObject({
      code,
      kind: 'usage',
      message: expect.stringMatching(message),
    });
  });
});

it('a script that forgets close ends by itself, with all that it has begun', {
  timeout: 60_000,
}, async () => {
  const library = pathToFileURL(join(import.meta.dirname, '../../src/index.ts'));
  const script = `
    const { open } = await import(${JSON.stringify(library.href)});
    const psyberg = await open({ project: ${JSON.stringify(world.root)} });
    console.log((await psyberg.sql('select count(*)::int from raw.a')).rows[0][0]);
    void psyberg.sql('insert into raw.a values (77)').then(() => console.log('inserted'));`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
    timeout: 45_000,
  });
  expect(stdout).toBe('2\ninserted\n');
  expect(await world.sql('select id from raw.a where id > 50')).toEqual([{ id: 77n }]);
});

it('a table of which a manifest is gone is refused, and may still be dropped', async () => {
  await world.create('raw.torn', 'id bigint');
  await world.land('raw.torn', 'select 1');
  const list = (await world.history('raw.torn')).at(-1)?.['manifest-list'];
  const [manifest] = await world.sql(`select manifest_path from read_avro('${list}')`);
  const path = String(manifest?.['manifest_path']);
  rmSync(path.replace(/^file:\/\//, ''));
  await expect(world.sql('select count(*) from raw.torn')).rejects.toMatchObject({
    code: 'source-unreadable',
    message: expect.stringContaining(`the manifest ${path} of raw.torn (snapshot `),
    hint: expect.stringContaining('restore'),
  });
  await world.sql('drop table raw.torn');
});

it('a schema that was asked for too early is found once it is there', async () => {
  const { client } = world.psyberg.internals;
  await expect(world.psyberg.sql('from later.t')).rejects.toThrow('does not exist');
  await client.createNamespace(['later']);
  await world.psyberg.sql('create table later.t as select 1 as a');
  expect(await world.rows('from later.t')).toEqual(['[1]']);
});
