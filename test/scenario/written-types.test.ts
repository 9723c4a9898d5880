// Goal: a value that is written is the value that the query returned, or the session is refused before it loads.
// Method: a target with columns of all kinds that somebody made, and queries whose types are others.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createWorld, hourAt, processFile, type World } from '../support/world.ts';

const TARGET =
  'id bigint, ts timestamptz, n integer, ok boolean, price decimal(10,2), day date, note varchar, local timestamp, s struct(a integer, due timestamptz), l integer[]';
const EXACT = {
  id: '1',
  ts: `timestamptz '${hourAt(1)}'`,
  n: '1',
  ok: 'true',
  price: '1.25::decimal(10,2)',
  day: "date '2023-09-14'",
  note: "'x'",
  local: "timestamp '2023-09-14 05:00:00'",
  s: `{'a': 1, 'due': timestamptz '${hourAt(1)}'}`,
  l: '[1]',
};
const query = (columns: Partial<Record<keyof typeof EXACT, string>>): string =>
  `select ${Object.entries({ ...EXACT, ts: 'e.ts', ...columns })
    .map(([name, value]) => `${value} as ${name}`)
    .join(', ')} from e`;

describe.each(['stateless', 'stateful'])('a %s process', (pattern) => {
  let world: World;
  const use = async (sql: string) => {
    world.writeProcess(
      processFile(
        {
          process_name: 'typed_load',
          pattern,
          sources: [{ table: 'raw.events', event_time: 'ts', alias: 'e' }],
          target: { table: 'facts.typed', event_time: 'ts' },
        },
        sql,
      ),
    );
    await world.reopen();
  };
  beforeAll(async () => {
    world = await createWorld();
    await world.create('raw.events', 'id bigint, ts timestamptz');
    await world.create('facts.typed', TARGET);
    await world.land('raw.events', `select 1, timestamptz '${hourAt(1)}'`);
  });
  afterAll(() => world.close());

  it('is refused before it loads when DuckDB would change values to fit them in, at any depth', async () => {
    const before = await world.metadata('facts.typed');
    await use(
      query({
        ts: "e.ts at time zone 'Europe/Berlin'",
        n: '1.5::double',
        ok: '3000000000',
        price: '1.2345',
        day: 'e.ts::timestamp',
        local: 'e.ts',
        s: "{'a': 1.5, 'due': e.ts::date}",
        l: "['7']",
      }),
    );
    const [record] = await world.run();
    expect(record).toMatchObject({
      status: 'failed',
      error: { code: 'target-type-mismatch', context: { file: 'processes/typed_load.sql' } },
    });
    expect(record?.error?.context['columns']).toEqual([
      { column: 'ts', query: 'TIMESTAMP', target: 'timestamptz' },
      { column: 'n', query: 'DOUBLE', target: 'int' },
      { column: 'ok', query: 'BIGINT', target: 'boolean' },
      { column: 'price', query: 'DECIMAL(5,4)', target: 'decimal(10, 2)' },
      { column: 'day', query: 'TIMESTAMP', target: 'date' },
      { column: 'local', query: 'TIMESTAMP WITH TIME ZONE', target: 'timestamp' },
      { column: 's.a', query: 'DECIMAL(2,1)', target: 'int' },
      { column: 's.due', query: 'DATE', target: 'timestamptz' },
      { column: 'l.element', query: 'VARCHAR', target: 'int' },
    ]);
    expect(record?.error?.message).toContain(
      'processes/typed_load.sql returns ts as TIMESTAMP, but column ts of the target facts.typed is timestamptz; n as DOUBLE, but',
    );
    expect(await world.metadata('facts.typed')).toEqual(before);
    expect(await world.leftovers()).toEqual([]);
  });

  it('writes what its columns take as it is, with the words of the query for the rest', async () => {
    await use(
      query({
        n: '7::bigint',
        ok: '(1.5 > 1)',
        price: '3',
        day: 'e.ts::date',
        note: '12.5::double',
        local: "e.ts at time zone 'UTC'",
        s: "{'due': e.ts, 'A': 2::smallint}",
        l: '[1.5::integer]',
      }),
    );
    await world.publish('typed_load');
    expect(await world.rows('from facts.typed')).toEqual(
      await world.rows(
        `select 1::bigint, ts, 7, true, 3::decimal(10,2), ts::date, '12.5', ts at time zone 'UTC', {'a': 2, 'due': ts}, [2] from raw.events`,
      ),
    );
    await world.land('raw.events', `select 2, timestamptz '${hourAt(2)}'`);
    await use(query({ n: 'null', note: 'null', day: 'null', s: 'null', l: '[null]' }));
    await world.publish('typed_load');
    expect(
      await world.rows(`select n, note, day, s, l from facts.typed where ts = timestamptz '${hourAt(2)}'`),
    ).toEqual(['[null,null,null,null,[null]]']);
    // A number that is too large is an error, not another number.
    await world.land('raw.events', `select 3, timestamptz '${hourAt(3)}'`);
    await use(query({ n: '3000000000' }));
    expect((await world.run())[0]).toMatchObject({ status: 'failed', error: { code: 'process-sql-failed' } });
  });
});
