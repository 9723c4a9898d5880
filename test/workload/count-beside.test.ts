// Goal: what is read is counted beside the load, by the engine's own macros, and nothing of it runs on when
// the session ends. Method: a DuckDB whose one connection is busy while another counts.
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Engine } from '../../src/engine/index.ts';
import { forkWithMacros, openEngine, releaseWithFork } from '../../src/engine/index.ts';
import type { CountSourcesStep } from '../../src/model/step.ts';
import { countsBeside } from '../../src/workload/duckdb/count-beside.ts';

let database: Engine;
let engine: Engine;
beforeAll(async () => {
  database = await openEngine({});
  engine = await forkWithMacros(database);
  await engine.execute({ sql: 'create table read_rows as select 7200 as seconds', parameters: {} });
});
afterAll(() => database.close());

const counting = (sql: string): CountSourcesStep =>
  ({ kind: 'count-sources', stage: 'audit', name: 'count_sources', sql, parameters: {} }) as never;
const BY_HOUR = "select 'events' as alias, event_hour(seconds, 's', false) as first_hour from read_rows";

it('counts with the temporary macros of the engine, while its own connection is at work', async () => {
  const { count, countAhead } = countsBeside(engine);
  const step = counting(BY_HOUR);
  await engine.begin();
  countAhead(step);
  expect(await count(step)).toEqual([{ alias: 'events', first_hour: 2n }]);
  await engine.rollback();
});

it('throws what is wrong to who asks, and lets go of what nobody asks for', async () => {
  const { count, countAhead, forget } = countsBeside(engine);
  const [wrong, left] = [counting('select nothing_of_that_name'), counting('select also_nothing')];
  countAhead(wrong);
  countAhead(left);
  await expect(count(wrong)).rejects.toThrow('nothing_of_that_name');
  await forget();
});

it('counts on its own connection what was not begun, and asks again what is asked again', async () => {
  const { count, countAhead } = countsBeside(engine);
  const step = counting(BY_HOUR);
  countAhead(step);
  await count(step);
  await engine.execute({ sql: 'create temp table read_rows as select 10800 as seconds', parameters: {} });
  expect(await count(step)).toEqual([{ alias: 'events', first_hour: 3n }]);
});

it('goes on with the connection that it opened, also by macros of the project that came since', async () => {
  const opened: Engine[] = [];
  const watched: Engine = {
    ...engine,
    release: async () => {},
    fork: async () => {
      const fork = await engine.fork();
      opened.push(fork);
      return fork;
    },
  };
  const counted = async (sql: string): Promise<unknown> => {
    const { count, countAhead } = countsBeside(watched);
    const step = counting(sql);
    countAhead(step);
    return count(step);
  };
  expect(await counted(BY_HOUR)).toEqual([{ alias: 'events', first_hour: 2n }]);
  engine.definitions.push('create or replace temp macro added(n) as n + 40::bigint');
  expect(await counted('select added(2) as rows')).toEqual([{ rows: 42n }]);
  expect(opened).toHaveLength(1);
  await releaseWithFork(watched);
  await expect(opened[0]?.query({ sql: 'select 1', parameters: {} })).rejects.toThrow();
});
