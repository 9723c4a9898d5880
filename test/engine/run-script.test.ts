// Goal: the statements of a user run in order, each bound when those before it have run, with values of the
// types that were passed. Method: scripts on a DuckDB of their own.
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { databaseOf, type OwnedConnection } from '../../src/engine/database.ts';
import { type ParameterValue, runScript, type Script } from '../../src/engine/run-script.ts';

const database = databaseOf(await DuckDBInstance.create(':memory:'));
afterAll(() => database.close());
let connection: OwnedConnection;
/** What ran unpruned, in order. */
let unpruned: number;
beforeEach(async () => {
  connection = await database.connect();
  await connection.duckdb.run("set TimeZone = 'UTC'");
  unpruned = 0;
});

const run = (sql: string, rest: Partial<Script> = {}) =>
  connection.during(() =>
    runScript(
      connection,
      { sql, parameters: {}, ...rest },
      {
        unpruned(work) {
          unpruned += 1;
          return work();
        },
        isStopped: () => false,
      },
    ),
  );
const lastOf = async (sql: string, rest: Partial<Script> = {}) => (await run(sql, rest)).at(-1)?.rows;

describe('a script', () => {
  it('binds each statement when those before it have run, and returns the result of each', async () => {
    const results = await run(
      'create temp table t as select 1 as a; insert into t values (2); select sum(a)::integer from t',
    );
    expect(results.map((result) => result.rows)).toEqual([[[1n]], [[1n]], [[3]]]);
  });
  it('is parsed whole before anything runs', async () => {
    await expect(run('create temp table half as select 1; selec 2')).rejects.toThrow('syntax error');
    await expect(run('from half')).rejects.toThrow('half');
  });
  it('stops at the statement that fails; what ran before it stays', async () => {
    await expect(
      run('create temp table kept as select 1 as a; from nowhere; drop table kept'),
    ).rejects.toThrow('nowhere');
    expect(await lastOf('from kept')).toEqual([[1]]);
  });
  it('runs what is given in place of a statement, with parameters of its own', async () => {
    const change: Script['change'] = async (index, count) =>
      index === count - 1 ? { instead: { sql: 'select $b + 1', parameters: { b: 4 } } } : {};
    expect(await lastOf('select 0; select 1', { change })).toEqual([[5n]]);
  });
  it('asks before each statement, and ends with what that throws', async () => {
    let asked = 0;
    const beforeRun = async (): Promise<void> => {
      asked += 1;
      if (asked === 2) throw new Error('no further');
    };
    await expect(
      run('create temp table first as select 1; create temp table second as select 1', { beforeRun }),
    ).rejects.toThrow('no further');
    await expect(run('from second')).rejects.toThrow('second');
    expect(await lastOf('from first')).toEqual([[1]]);
  });
  it('runs unpruned what would miss rows, each statement once', async () => {
    let bound = 0;
    const beforeRun = async (): Promise<void> => {
      bound += 1;
    };
    const isMisled = async (): Promise<boolean> => bound === 2;
    await run(
      'create temp table counted (a integer); insert into counted values (1); insert into counted values (2)',
      {
        beforeRun,
        isMisled,
      },
    );
    expect(unpruned).toBe(1);
    expect(await lastOf('select count(*)::integer from counted')).toEqual([[2]]);
  });
});

describe('a result that is read as it comes', () => {
  const parts = async (sql: string, rest: Partial<Script> = {}): Promise<number[]> => {
    const sizes: number[] = [];
    await run(sql, {
      onResult: async (result) => {
        for await (const part of result.parts()) sizes.push(part.length);
      },
      ...rest,
    });
    return sizes;
  };
  it('has its columns and its kind, and comes in parts; nothing of it is kept', async () => {
    const kinds: unknown[] = [];
    const results = await run(
      'create temp table some_rows as from range(3) t(a); update some_rows set a = 1; select a, a from some_rows',
      {
        onResult: async ({ kind, changedRows, columns }, { index, count }) => {
          kinds.push([index, count, kind, changedRows, columns.map(({ name }) => name)]);
        },
      },
    );
    expect(kinds).toEqual([
      [0, 3, 'effect', 0, ['Count']],
      [1, 3, 'changed', 3, ['Count']],
      [2, 3, 'rows', 0, ['a', 'a_1']],
    ]);
    expect(results.map(({ rows }) => rows)).toEqual([[], [], []]);
    const sizes = await parts('from range(5000)');
    expect([sizes.length > 1, sizes.reduce((sum, size) => sum + size)]).toEqual([true, 5000]);
  });
  it('says what it fails with after its first rows', async () => {
    const late = "select case when range = 900000 then error('too far') else range end from range(1000000)";
    let rows = 0;
    await expect(
      run(late, {
        onResult: async (result) => {
          for await (const part of result.parts()) rows += part.length;
        },
      }),
    ).rejects.toThrow('too far');
    expect(rows).toBeGreaterThan(0);
    expect(await lastOf('select 1')).toEqual([[1]]);
  });
  it('may be left early, and the connection goes on', async () => {
    let seen = 0;
    await run('from range(1000000000)', {
      onResult: async (result) => {
        for await (const part of result.parts()) {
          seen += part.length;
          break;
        }
      },
    });
    expect(seen).toBeGreaterThan(0);
    expect(await lastOf('select 2')).toEqual([[2]]);
  });
  it('ends where its signal comes, and what follows does not run', async () => {
    const stop = new AbortController();
    let results = 0;
    await expect(
      run('from range(1000000000); create temp table after_it as select 1', {
        signal: stop.signal,
        onResult: async (result) => {
          results += 1;
          for await (const _part of result.parts()) stop.abort(new Error('enough'));
        },
      }),
    ).rejects.toThrow('enough');
    expect(results).toBe(1);
    await expect(run('from after_it')).rejects.toThrow('after_it');
  });
});

describe('a parameter', () => {
  it.each<[string, ParameterValue, string]>([
    ['a safe integer', 7, 'BIGINT'],
    ['a fraction', 1.5, 'DOUBLE'],
    ['minus zero', -0, 'DOUBLE'],
    ['an integer that is not safe', 2 ** 53, 'DOUBLE'],
    ['a bigint', 2n ** 62n, 'BIGINT'],
    ['a bigint of more than 64 bits', 2n ** 64n, 'HUGEINT'],
    ['a boolean', true, 'BOOLEAN'],
    ['text', "it's", 'VARCHAR'],
    ['a Date', new Date(0), 'TIMESTAMP WITH TIME ZONE'],
    ['bytes', new Uint8Array([0, 255]), 'BLOB'],
    ['texts', ['a', 'b'], 'VARCHAR[]'],
    ['no texts', [], 'VARCHAR[]'],
    ['integers', [1, null, 2], 'BIGINT[]'],
    ['integers and a fraction', [1, 1.5], 'DOUBLE[]'],
  ])('that is %s has a type of its own', async (_name, value, type) => {
    expect(await lastOf('select typeof($v)', { parameters: { v: value } })).toEqual([[type]]);
  });
  it('keeps its value', async () => {
    const parameters = { a: 9007199254740991, b: [1, 1.5], c: new Date('2023-09-14T05:00:00.5Z'), d: null };
    expect(await lastOf('select $a, $b, $c, $d', { parameters })).toEqual([
      [9007199254740991n, [1, 1.5], '2023-09-14T05:00:00.5Z', null],
    ]);
  });
  it('is taken by each statement that names it, and refused where none does', async () => {
    expect(await lastOf('select $a; select $b', { parameters: { a: 1, b: 2 } })).toEqual([[2n]]);
    await expect(
      run('create temp table unasked as select $a; select 1', { parameters: { a: 1, b: 2 } }),
    ).rejects.toMatchObject({ code: 'parameter-unknown', message: 'the query has no parameter $b' });
  });
  it('that is missing is named before the statement runs', async () => {
    await expect(run('select $day', { parameters: { dya: 1 } })).rejects.toMatchObject({
      code: 'parameter-missing',
      message: 'the query names $day, which has no value',
    });
  });
  it('of another type is refused by name', async () => {
    await expect(run('select $f', { parameters: { f: {} as never } })).rejects.toMatchObject({
      code: 'parameter-type',
      message: 'the parameter $f is object, which cannot be bound',
    });
  });
});
