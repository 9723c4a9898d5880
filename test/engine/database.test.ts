// Goal: whatever is closed while somebody works with it ends nothing but that work. Method: both at once,
// again and again; DuckDB itself would end the process.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DuckDBInstance } from '@duckdb/node-api';
import { expect, it, onTestFinished } from 'vitest';
import { databaseOf } from '../../src/engine/database.ts';
import { type Engine, openBinder, openEngine } from '../../src/engine/index.ts';
import { openParser } from '../../src/engine/open-parser.ts';
import type { ResultStream } from '../../src/engine/result-stream.ts';
import { extensionDirectory } from '../../src/setup/extensions.mjs';

const statement = (sql: string) => ({ sql, parameters: {} });
const ENDLESS = 'select count(*) from range(9000000) a, range(9000000) b where a.range + b.range = 7';
const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));

/** What each ended with: `done`, or the code or the words of its error. */
const outcomes = async (work: readonly Promise<unknown>[]): Promise<readonly string[]> =>
  (await Promise.allSettled(work)).map((each) =>
    each.status === 'fulfilled' ? 'done' : String(each.reason.code ?? each.reason.message),
  );

it('a database is closed while forks of it are opened: the process lives, and each fork says so or is there', async () => {
  for (let round = 0; round < 40; round += 1) {
    const engine = await openEngine();
    const forks = [1, 2, 3, 4, 5, 6].map(() => engine.fork());
    if (round % 2 === 1) await Promise.resolve();
    void engine.close();
    for (const fork of await Promise.allSettled(forks))
      if (fork.status === 'rejected') expect(String(fork.reason)).toMatch(/instance closed|disconnected/);
    await expect(engine.fork()).rejects.toThrow('instance closed');
  }
});

/** Statements that are under way, or wait for their turn, on an engine and on a fork of it. */
const works: Readonly<Record<string, (engine: Engine, fork: Engine) => Promise<unknown>[]>> = {
  'short ones': (engine, fork) =>
    Array.from({ length: 40 }, (_, n) =>
      (n % 2 === 0 ? engine : fork).query(statement(`select count(*) from range(${n * 1000})`)),
    ),
  'one that never ends': (engine) => [engine.query(statement(ENDLESS))],
  'one with values': (engine) => [
    engine.query({ sql: `${ENDLESS} and a.range > $least`, parameters: { least: 1 } }),
  ],
  "a user's, one after the other": (_engine, fork) => [
    fork.script(statement(`select 1; ${ENDLESS}; select 2`)),
  ],
  'one whose rows are read as they come': (_engine, fork) => [
    fork.script({
      ...statement('from range(1000000000)'),
      onResult: async (result) => {
        for await (const _part of result.parts());
      },
    }),
  ],
};

it.each(Object.keys(works))('an engine is closed over %s: they end, and then it is closed', async (name) => {
  for (let round = 0; round < 12; round += 1) {
    const engine = await openEngine();
    const fork = await engine.fork();
    const work = outcomes(works[name]?.(engine, fork) ?? []);
    await pause(round * 2);
    await engine.close();
    for (const outcome of await work) expect(outcome).toMatch(/^(done|interrupted)$/);
    await expect(engine.query(statement('select 1'))).rejects.toMatchObject({ code: 'interrupted' });
    expect(await outcomes([engine.tableNames('select 1'), fork.rollback()])).toEqual(['interrupted', 'done']);
  }
});

it('an engine on which nothing runs is closed at once', async () => {
  const engine = await openEngine();
  await engine.fork();
  let isClosed = false;
  void engine.close().then(() => {
    isClosed = true;
  });
  await Promise.resolve();
  await Promise.resolve();
  expect(isClosed).toBe(true);
});

it('what is interrupted while it attaches a catalog says that it was, and not that the catalog is away', async () => {
  const engine = await openEngine();
  onTestFinished(() => engine.close());
  // Answers once the interruption has come.
  const slow = createServer((_request, response) => {
    engine.interrupt();
    response.writeHead(500).end('{}');
  });
  onTestFinished(() => void slow.close());
  await new Promise<void>((ready) => slow.listen(0, '127.0.0.1', ready));
  const uri = `http://127.0.0.1:${(slow.address() as AddressInfo).port}`;
  await expect(engine.attach({ name: 'lake', warehouse: 'w', uri, token: 't' })).rejects.toMatchObject({
    code: 'interrupted',
  });
});

it('a database is closed over a statement that hears no interrupt: it goes on, and is closed when it ends', async () => {
  const silent = createServer(() => undefined);
  const asked = once(silent, 'request');
  await new Promise<void>((ready) => silent.listen(0, '127.0.0.1', ready));
  const instance = await DuckDBInstance.create(':memory:', { extension_directory: extensionDirectory() });
  const database = databaseOf(instance, { interruptedMs: 20 });
  const connection = await database.connect();
  const endpoint = `127.0.0.1:${(silent.address() as AddressInfo).port}`;
  await connection.during(() =>
    connection.duckdb.run(
      `load httpfs; create secret (type s3, key_id 'a', secret 'b', endpoint '${endpoint}', use_ssl false, url_style 'path'); set http_retries = 0`,
    ),
  );
  let hasEnded = false;
  const work = connection
    .during(() => connection.duckdb.run("from read_parquet('s3://lake/a.parquet')"))
    .then(
      () => 'done',
      () => 'failed',
    )
    .finally(() => {
      hasEnded = true;
    });
  await asked;
  await database.close();
  expect(hasEnded).toBe(false);
  await expect(database.connect()).rejects.toThrow('instance closed');
  silent.closeAllConnections();
  silent.close();
  expect(await work).toBe('failed');
  await database.close({ interrupts: false });
});

it('a result may close its engine, and is read no further', async () => {
  const engine = await openEngine();
  let late: ResultStream | undefined;
  const script = engine.script({
    ...statement('from range(100000); select 2'),
    onResult: async (result) => {
      late = result;
      await engine.close();
    },
  });
  await expect(script).rejects.toMatchObject({ code: 'interrupted' });
  await expect(late?.parts().next()).rejects.toThrow('closed');
});

it('what takes a result may throw at once: what runs on that connection then is interrupted as ever', async () => {
  const engine = await openEngine();
  const script = engine.script({
    ...statement('select 1'),
    onResult: () => {
      throw new Error('no promise');
    },
  });
  await expect(script).rejects.toThrow('no promise');
  const work = outcomes([engine.query(statement(ENDLESS))]);
  await pause(30);
  await engine.close();
  expect(await work).toEqual(['interrupted']);
});

it('a fork is let go while it works: what runs there ends as it would', async () => {
  const engine = await openEngine();
  for (let round = 0; round < 4; round += 1) {
    const fork = await engine.fork();
    const work = fork.query(statement('select count(*) as n from range(9000000) where range % 7 = 3'));
    await pause(round * 3);
    await fork.release();
    expect(await work).toEqual([{ n: 1285714n }]);
  }
  await engine.close();
});

it('names of tables are found beside a statement, which nothing waits for but they', async () => {
  const engine = await openEngine();
  const running = engine.query(statement(ENDLESS));
  await pause(50);
  const names = engine.tableNames('select 1');
  // On this thread, which goes on.
  await pause(10);
  engine.interrupt();
  expect(await outcomes([running, names])).toEqual(['interrupted', 'interrupted']);
  engine.resume();
  expect(await engine.tableNames('from range(3)')).toEqual([]);
  await engine.close();
});

it('a binder and a parser are closed while they answer: that they do', async () => {
  const sql = `select ${Array.from({ length: 500 }, (_, n) => `${n} as c${n}`).join(', ')}`;
  for (let round = 0; round < 10; round += 1) {
    const [binder, parser] = [await openBinder(), await openParser()];
    const many = Array.from({ length: 20 });
    const asked = [many.map(() => binder.bind(sql)), many.map(() => parser.parse(sql))].map(outcomes);
    await pause(round);
    await Promise.all([binder.close(), parser.close()]);
    for (const [first, ...others] of await Promise.all(asked)) {
      expect(first).toBe('done');
      for (const outcome of others) expect(outcome).toMatch(/^done$|closed/);
    }
  }
});
