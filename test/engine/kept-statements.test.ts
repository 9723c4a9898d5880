// Goal: a statement that stays prepared answers what it is given now, whatever was asked before it, and holds up no
// close. Method: one connection, asked again and again.
import { DuckDBInstance } from '@duckdb/node-api';
import { expect, it } from 'vitest';
import { databaseOf } from '../../src/engine/database.ts';
import { forkWithMacros, openEngine } from '../../src/engine/index.ts';
import { hoursOfKnown, keptStatement } from '../../src/statements/index.ts';

const files = (paths: readonly string[]): string =>
  JSON.stringify(
    paths.map((path) => ({ manifest_path: 'm', path, file_format: 'parquet', status: 1, rows: 1, bytes: 9 })),
  );

it('answers what it is given now, also after it has failed', async () => {
  const engine = await openEngine();
  const fork = await forkWithMacros(engine);
  const ask = async (entries: string): Promise<string[]> =>
    (
      await fork.query(keptStatement('tables/data_files', hoursOfKnown()), {
        ...{ entries, unit: 'us', type: 'timestamptz', statuses: [1] },
      })
    ).map(({ path }) => path);
  expect(await ask(files(['a']))).toEqual(['a']);
  expect((await ask(files(['b', 'c']))).sort()).toEqual(['b', 'c']);
  await expect(ask('no JSON')).rejects.toMatchObject({ code: 'sql-failed' });
  expect(await ask('[]')).toEqual([]);
  expect(await ask(files(['d']))).toEqual(['d']);
  await engine.close();
});

it('stays one while others are asked for in between, and is another one after more than are kept', async () => {
  const database = databaseOf(await DuckDBInstance.create(':memory:'));
  const connection = await database.connect();
  const text = (n: number): string => `select $a::integer + ${n} as sum`;
  const ask = async (n: number): Promise<unknown> => {
    const statement = await connection.prepared(text(n));
    statement.bind({ a: 1 });
    return (await (await statement.run()).getRowObjects())[0]?.['sum'];
  };
  const first = await connection.prepared(text(0));
  for (let n = 1; n < 16; n += 1) expect(await ask(n)).toBe(1 + n);
  expect(await connection.prepared(text(0))).toBe(first);
  for (let n = 16; n < 40; n += 1) expect(await ask(n)).toBe(1 + n);
  expect(await connection.prepared(text(0))).not.toBe(first);
  expect(await ask(0)).toBe(1);
  await database.close();
  expect(connection.isClosing()).toBe(true);
});
