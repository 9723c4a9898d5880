// Goal: a value means the same in whatever session its file is read: as written in files together, or the file is
// refused. Method: times, nested values, columns and spellings that differ between files of one session and of several,
// of which DuckDB alone would make NULL, another time, a rounded number, or nothing.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadedIds, order, ordersLoad, putFile, refusal } from '../support/landed-orders.ts';
import { type World, worldForTest } from '../support/world.ts';

describe('times of texts', () => {
  const columns = { id: 'bigint', ts: 'timestamptz', day: 'date' };
  const dayFirst = 'id,ts,day\n1,13/02/2023 05:00:00,13/02/2023\n2,01/02/2023 05:00:00,01/02/2023\n';

  it('are read as the source says they are written, in whatever files', async () => {
    const options = { dateformat: '%d/%m/%Y', timestampformat: '%d/%m/%Y %H:%M:%S' };
    const world = await worldForTest({
      processes: [
        ordersLoad({ files: 'landing/*', format: 'csv', options }, {}, 'select id, ts, day from orders'),
      ],
    });
    putFile(world, 'landing/1.csv', dayFirst);
    await world.publish('orders_load');
    putFile(world, 'landing/2.csv', 'id,ts,day\n3,01/02/2023 05:00:00,01/02/2023\n');
    await world.publish('orders_load');
    world.writeProcess(
      ordersLoad({ files: 'landing/*.jsonl', columns, options }, {}, 'select id, ts, day from orders'),
    );
    await world.reopen();
    putFile(world, 'landing/3.jsonl', '{"id": 4, "ts": "01/02/2023 05:00:00", "day": "01/02/2023"}');
    await world.publish('orders_load');
    expect(await world.rows('from raw.orders')).toEqual([
      '["1","2023-02-13T05:00:00Z","2023-02-13"]',
      ...[2, 3, 4].map((id) => `["${id}","2023-02-01T05:00:00Z","2023-02-01"]`),
    ]);
  });

  it.each([
    ['days before months', 'csv', columns, dayFirst],
    ['no time at all', 'csv', columns, 'id,ts,day\n1,2023-02-01,2023-02-01\n2,yesterday,2023-02-01\n'],
    [
      'months before days',
      'csv',
      { ...columns, ts: 'timestamp' },
      'id,ts,day\n1,02/13/2023 05:00:00,2023-02-01\n',
    ],
    [
      'a zone that would be left out',
      'csv',
      { ...columns, ts: 'timestamp' },
      'id,ts,day\n1,2023-02-01T05:00:00+02:00,2023-02-01\n',
    ],
    [
      'a zone that would be left out, of JSON',
      'jsonl',
      { ...columns, ts: 'timestamp' },
      '{"id": 1, "ts": "2023-02-01T05:00:00+02:00", "day": "2023-02-01"}',
    ],
    [
      'digits that a decimal has no room for',
      'csv',
      { ...columns, id: 'decimal(10,2)' },
      'id,ts,day\n1.5,2023-02-01,2023-02-01\n1.239,2023-02-01,2023-02-01\n',
    ],
  ])('do not fit: %s', async (_what, extension, types, text) => {
    const world = await worldForTest({
      processes: [
        ordersLoad({ files: 'landing/*', format: extension === 'csv' ? 'csv' : 'json', columns: types }),
      ],
    });
    putFile(world, `landing/1.${extension}`, text);
    expect(await refusal(world)).toMatchObject({
      code: 'file-does-not-fit',
      context: { file: `landing/1.${extension}` },
    });
  });

  it('that do not fit are kept aside, each once, and none is left out', async () => {
    const source = { files: 'landing/*.csv', columns, on_bad_rows: 'quarantine' };
    const world = await worldForTest({
      processes: [ordersLoad(source, {}, 'select id, ts, day from orders')],
    });
    putFile(
      world,
      'landing/1.csv',
      `${dayFirst}x,yesterday,2023-02-01\n4,2023-02-01,2023-02-01T05:00:00\n5,2023-02-01 05:00:00,2023-02-01\n6,,\n`,
    );
    const record = await world.publish('orders_load');
    expect(record.audits.find(({ name }) => name === 'bad_rows_orders')).toMatchObject({ actual: '4' });
    expect(await loadedIds(world)).toEqual(['["5"]', '["6"]']);
  });
});

describe('values inside of structs and lists', () => {
  const nested = (id: number, more: string): string =>
    `{"id": ${id}, "ts": "2023-09-14T01:10:00Z", ${more}}\n`;
  const world = (more: object = {}): Promise<World> =>
    worldForTest({ processes: [ordersLoad({}, { ...more }, 'select id, s, l from orders')] });

  it('keep their zone', async () => {
    const at = await world();
    putFile(
      at,
      'landing/1.jsonl',
      nested(1, '"s": {"at": "2023-09-14T05:00:00+02:00"}, "l": ["2023-09-14T05:00:00+02:00"]'),
    );
    await at.publish('orders_load');
    expect(await at.rows('select s.at, l[1] from raw.orders')).toEqual([
      '["2023-09-14T03:00:00Z","2023-09-14T03:00:00Z"]',
    ]);
  });

  it('are not left out where a field comes later, nor rounded', async () => {
    const at = await world({ on_schema_change: 'append' });
    putFile(at, 'landing/1.jsonl', nested(1, '"s": {"a": 1}, "l": [{"a": 1}]'));
    await at.publish('orders_load');
    putFile(at, 'landing/2.jsonl', nested(2, '"s": {"a": 2, "b": 7}, "l": [{"a": 2, "b": 7}]'));
    await at.publish('orders_load');
    putFile(at, 'landing/3.jsonl', nested(3, '"s": {"a": 3}, "l": [{"a": 3}]'));
    await at.publish('orders_load');
    expect(await at.rows('select id, s.a, s.b, l[1].a, l[1].b from raw.orders')).toEqual([
      '["1","1",null,"1",null]',
      '["2","2","7","2","7"]',
      '["3","3",null,"3",null]',
    ]);
    putFile(at, 'landing/4.jsonl', nested(4, '"s": {"a": 1.5}, "l": []'));
    const [record] = await at.run();
    expect(record).toMatchObject({ status: 'failed', error: { code: 'target-type-mismatch' } });
    expect(await loadedIds(at)).toHaveLength(3);
  });
});

describe('files that are written otherwise than those before', () => {
  it('do not fit where a number of digits is a text: 00123 is not 123', async () => {
    const world = await worldForTest({ processes: [ordersLoad({ files: 'landing/*.csv' })] });
    putFile(world, 'landing/1.csv', 'id,ts,amount\n1,2023-09-14 01:00:00,123\n');
    await world.publish('orders_load');
    putFile(world, 'landing/2.csv', 'id,ts,amount\n2,2023-09-14 01:00:00,00123\n');
    expect(await refusal(world)).toMatchObject({ code: 'file-does-not-fit', context: { line: 2 } });
    const columns = { id: 'bigint', ts: 'timestamptz', amount: 'bigint' };
    world.writeProcess(ordersLoad({ files: 'landing/*.csv', columns }));
    await world.reopen();
    await world.publish('orders_load');
    expect(await world.rows('select amount from raw.orders')).toEqual(['["123"]', '["123"]']);
  });

  it.each([
    ['earlier files', {}],
    ['columns: at the source', { columns: { id: 'bigint', ts: 'timestamptz', amount: 'double' } }],
  ])(
    'do not fit where fields of JSON have other letters than %s: they would be NULL',
    async (told, source) => {
      const world = await worldForTest({ processes: [ordersLoad(source)] });
      putFile(world, 'landing/1.jsonl', order(1, 1));
      await world.publish('orders_load');
      putFile(world, 'landing/2.jsonl', '{"id": 2, "TS": "2023-09-14T01:10:00Z", "amount": 1}');
      const said = await refusal(world);
      expect(said).toMatchObject({ code: 'file-does-not-fit' });
      expect(said?.message).toContain(`have a field TS, which ${told} spelled ts`);
    },
  );
});

describe('Parquet files of one session', () => {
  const ts = "timestamptz '2023-09-14 01:10:00+00' as ts";
  const write = async (world: World, rows: readonly string[]): Promise<void> => {
    mkdirSync(join(world.root, 'landing'));
    for (const [index, row] of rows.entries())
      await world.sql(
        `copy (select ${index + 1} as id, ${ts}, ${row}) to '${world.root}/landing/${index + 1}.parquet' (format parquet)`,
      );
  };
  const source = { files: 'landing/*.parquet' };

  it.each([
    ['a column more', ['7 as x', '7 as x, 8 as y'], 'y'],
    ['numbers that are not whole', ['7 as x', '1.5::double as x'], 'x'],
    ['more digits', ['1.5::decimal(10, 1) as x', '1.55::decimal(10, 2) as x'], 'x'],
    ['a time of day', ["date '2023-09-14' as x", "timestamp '2023-09-14 05:00:00' as x"], 'x'],
    ['a field more', ['{a: 1} as x', '{a: 1, b: 2} as x'], 'x'],
  ])('are not read by the columns of the first where a later one has %s', async (_what, rows, column) => {
    const world = await worldForTest({ processes: [ordersLoad(source, {}, 'select * from orders')] });
    await write(world, rows);
    const said = await refusal(world);
    expect(said).toMatchObject({ code: 'file-does-not-fit', context: { file: 'landing/2.parquet' } });
    expect(said?.message).toContain(`its column ${column} is`);
    world.writeProcess(
      ordersLoad({ ...source, options: { union_by_name: true } }, {}, 'select * from orders'),
    );
    await world.reopen();
    await world.publish('orders_load');
    expect(await world.rows('select * exclude (ts) from raw.orders')).toEqual(
      await world.rows(
        `select * exclude (ts) from read_parquet('${world.root}/landing/*', union_by_name = true)`,
      ),
    );
  });

  it('may have their columns in another order, and narrower ones later', async () => {
    const world = await worldForTest({ processes: [ordersLoad(source, {}, 'select id, x, y from orders')] });
    await write(world, ['1.5::double as x, 2 as y', '2 as y, 7 as x']);
    await world.publish('orders_load');
    expect(await world.rows('from raw.orders')).toEqual(['[1,1.5,2]', '[2,7,2]']);
  });
});
