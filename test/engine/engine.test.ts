// Goal: a statement of the engine is bound, run in its turn, and stopped when it is asked to; what it throws
// names what went wrong. Method: one DuckDB, statements without tables.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BoundValue, type Engine, openEngine, parseQuery } from '../../src/engine/index.ts';
import { needsAllFiles } from '../../src/engine/unpruned.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine({ threads: 2, memoryLimit: '500MB' });
});
afterAll(() => engine.close());

const one = async (sql: string, parameters: Readonly<Record<string, BoundValue>> = {}) =>
  (await engine.query({ sql, parameters }))[0];

describe('a bound value', () => {
  it('arrives as it is, whatever stands in it', async () => {
    const evil = `'; drop table t; -- $other "x" \\ ü €`;
    expect(
      await one('select $text as t, $number as n, $flag as f, $nothing as z', {
        text: evil,
        number: 9007199254740993n,
        flag: false,
        nothing: null,
      }),
    ).toEqual({ t: evil, n: 9007199254740993n, f: false, z: null });
  });
  it('that is a list is one of texts, with as many as there are', async () => {
    expect(
      await one('select $many as m, $none as n, typeof($none) as t, $many::bigint[] as b', {
        many: ['1', '9007199254740993'],
        none: [],
      }),
    ).toEqual({ m: ['1', '9007199254740993'], n: [], t: 'VARCHAR[]', b: [1n, 9007199254740993n] });
  });
  it('has no type by its name', async () => {
    expect(await one('select typeof($first_hour) as t', { first_hour: '2023-09-14T05:00:00Z' })).toEqual({
      t: 'VARCHAR',
    });
  });
  it('that is missing, or that nobody asks for, fails the statement', async () => {
    await expect(one('select $a as a')).rejects.toMatchObject({ code: 'sql-failed' });
    await expect(one('select 1 as a', { a: 1 })).rejects.toMatchObject({ code: 'sql-failed' });
  });
});

describe('a statement', () => {
  it('says how many rows it changed or copied', async () => {
    const execute = (sql: string) => engine.execute({ sql, parameters: {} });
    await execute('create temp table counted as select range as a from range(5)');
    expect(await execute('delete from counted where a < 2')).toBe(2n);
    expect(await execute('insert into counted from range(3)')).toBe(3n);
    expect(await execute('delete from counted where a > 100')).toBe(0n);
  });
  it("that fails is told in DuckDB's words, with its text beside", async () => {
    await expect(one('select nothing_here')).rejects.toMatchObject({
      code: 'sql-failed',
      message: expect.stringMatching(/^Binder Error: .*"nothing_here"/),
      context: { sql: 'select nothing_here' },
    });
    await expect(one('selec 1')).rejects.toMatchObject({
      message: expect.stringMatching(/^Parser Error: syntax error/),
    });
  });
  it('waits for those before it, also where they failed', async () => {
    const begun = [
      engine.execute({ sql: 'create temp table turn as select 0 as a', parameters: {} }),
      engine.execute({ sql: 'insert into nowhere values (1)', parameters: {} }).catch(() => 0n),
      engine.execute({ sql: 'insert into turn values (1)', parameters: {} }),
      engine.execute({ sql: 'update turn set a = a + (select count(*) from turn)', parameters: {} }),
    ];
    await Promise.all(begun);
    expect(await engine.query({ sql: 'select a from turn order by a', parameters: {} })).toEqual([
      { a: 2 },
      { a: 3 },
    ]);
  });
  it('is in UTC on every connection, wherever the machine stands', async () => {
    const fork = await engine.fork();
    const sql = "select timestamptz '2023-09-14 05:00:00'::varchar as t";
    for (const each of [engine, fork])
      expect(await each.query({ sql, parameters: {} })).toEqual([{ t: '2023-09-14 05:00:00+00' }]);
    fork.release();
  });
  it('that asks for row ids, or changes rows, skips no file', () => {
    expect(
      [
        'select _row_id from t',
        'update t set a = 1',
        '-- why\n/* update? */ merge into t using s on true when matched then delete',
        'with x as (select 1) update t set a = 1',
        'select a from t',
        '-- update t\nselect 1',
        'with x as (select 1) select * from x',
        'select my_row_id from t',
      ].map(needsAllFiles),
    ).toEqual([true, true, true, true, false, false, false, false]);
  });
});

describe('the keys of a store', () => {
  it('stand in no error, whoever repeats them', async () => {
    const config = { 's3.access-key-id': 'AK', 's3.secret-access-key': 'Zq-never' };
    await engine.useStorage(async () => [{ scope: 's3://lake', config }]);
    await expect(one("select error('signed with Zq-never')")).rejects.toMatchObject({
      message: expect.stringContaining('signed with …'),
    });
  });

  it('come with several tables at the same time', async () => {
    const config = (round: number) => ({
      's3.access-key-id': `AK${round}`,
      's3.secret-access-key': 'Zq-never',
    });
    for (let round = 0; round < 5; round += 1)
      await Promise.all(
        [1, 2, 3].map((each) =>
          engine.useStorage(async () => [{ scope: 's3://lake/t', config: config(round * 3 + each) }]),
        ),
      );
    expect(await one("select count(*) as n from duckdb_secrets() where scope = ['s3://lake/t']")).toEqual({
      n: 1n,
    });
    // What was asked for last counts, however long it takes to find out.
    const slowly = engine.useStorage(async () => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      return [{ scope: 's3://lake/t', config: config(20) }];
    });
    await Promise.all([
      slowly,
      engine.useStorage(async () => [{ scope: 's3://lake/t', config: config(21) }]),
    ]);
    const [secret] = await engine.query({
      sql: "select secret_string as s from duckdb_secrets() where scope = ['s3://lake/t']",
      parameters: {},
    });
    expect(secret?.['s']).toContain('AK21');
  });
});

describe('a transaction', () => {
  it('is kept by a commit and left out by a rollback, and where there is none that does nothing', async () => {
    const insert = (value: number) =>
      engine.execute({ sql: `insert into kept values (${value})`, parameters: {} });
    await engine.execute({ sql: 'create temp table kept as select 0 as a', parameters: {} });
    await engine.begin();
    await insert(1);
    await engine.commit();
    await engine.begin();
    await insert(2);
    await expect(one("select error('x')")).rejects.toThrow();
    await engine.rollback();
    await engine.rollback();
    expect(await one('select list(a order by a) as a from kept')).toEqual({ a: [0, 1] });
  });
});

describe('an interrupt', () => {
  it('stops what runs on all connections and takes nothing more, until it is resumed', async () => {
    const fork = await engine.fork();
    const endless = { sql: 'select count(*) as n from range(10000000000) a, range(1000) b', parameters: {} };
    const outcome = (each: Engine) =>
      each.query(endless).then(
        () => 'done',
        (error: { code: string; retryable: boolean }) => `${error.code} ${error.retryable}`,
      );
    const running = [outcome(engine), outcome(fork)];
    await new Promise((resolve) => setTimeout(resolve, 100));
    const before = Date.now();
    engine.interrupt();
    expect(await Promise.all(running)).toEqual(['interrupted true', 'interrupted true']);
    expect(Date.now() - before).toBeLessThan(5000);
    await expect(one('select 1')).rejects.toMatchObject({ code: 'interrupted' });
    await expect(fork.script({ sql: 'select 1', parameters: {} })).rejects.toMatchObject({
      code: 'interrupted',
    });
    engine.resume();
    expect(await one('select 1 as a')).toEqual({ a: 1 });
    expect(await fork.query({ sql: 'select 2 as a', parameters: {} })).toEqual([{ a: 2 }]);
    await fork.release();
    expect(engine.hasEnded()).toBe(false);
  });
  it('stops what was asked and has not begun', async () => {
    const forks = await Promise.all([1, 2, 3, 4, 5, 6].map(() => engine.fork()));
    const sql = 'select count(*) as n from range(10000000000) a, range(1000) b';
    for (let round = 0; round < 10; round += 1) {
      // More than there are threads for.
      const asked = Promise.allSettled(forks.map((each) => each.query({ sql, parameters: {} })));
      await new Promise((resolve) => setTimeout(resolve, round));
      engine.interrupt();
      for (const each of await asked)
        expect(each).toMatchObject({ status: 'rejected', reason: { code: 'interrupted' } });
      engine.resume();
    }
    await Promise.all(forks.map((each) => each.release()));
  }, 20_000);
});

describe('settings', () => {
  it('that DuckDB does not take are refused with how to write them', async () => {
    await expect(openEngine({ memoryLimit: 'much' })).rejects.toMatchObject({
      code: 'engine-settings',
      kind: 'usage',
      message: expect.stringContaining('much'),
      hint: expect.stringContaining('2GB'),
    });
  });
  it('are those that were asked for', async () => {
    expect(await one("select current_setting('threads') as t, current_setting('memory_limit') as m")).toEqual(
      { t: 2n, m: '476.8 MiB' },
    );
  });
});

describe("a user's SQL", () => {
  it("goes through DuckDB's parser, and is neither bound nor run", async () => {
    expect(await parseQuery(engine, "select it from nowhere where a = 'it''s'")).toMatchObject({
      error: false,
      statements: [expect.anything()],
    });
    expect(await parseQuery(engine, 'select from where')).toMatchObject({
      error: true,
      error_message: expect.stringContaining('syntax error'),
      position: expect.any(String),
    });
    expect(await parseQuery(engine, 'drop table t')).toMatchObject({ error: true });
  });
});
