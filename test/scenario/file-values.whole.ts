// Goal: values of files keep what they mean, and a file that does not fit stops the session with its name and line,
// and loads nothing. Method: values of every kind that do not fit, and what is said of them.
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { ledger, loadedIds, order, ordersLoad, putFile, refusal } from '../support/landed-orders.ts';
import { worldForTest } from '../support/world.ts';

describe('values', () => {
  it('keep their zone, and are not rounded to the type that the first session found', async () => {
    const world = await worldForTest({ processes: [ordersLoad()] });
    putFile(world, 'landing/1.jsonl', '{"id":1,"ts":"2023-09-14T01:10:00+02:00","amount":1}');
    await world.publish('orders_load');
    expect(await world.rows('select ts, amount from raw.orders')).toEqual(['["2023-09-13T23:10:00Z","1"]']);
    putFile(world, 'landing/2.jsonl', `${order(2, 1, 2.0)}{"id":3,"ts":"2023-09-14T01:10:00Z","amount":3.0}`);
    await world.publish('orders_load');
    putFile(world, 'landing/3.jsonl', order(4, 1, 4) + order(5, 1, 2.5));
    expect(await refusal(world)).toMatchObject({
      code: 'file-does-not-fit',
      context: { file: 'landing/3.jsonl', line: 2 },
    });
    expect(await loadedIds(world)).toHaveLength(3);
  });

  it('that do not fit are kept aside with their lines, where the source says so', async () => {
    const source = {
      on_bad_rows: 'quarantine',
      columns: { id: 'bigint', ts: 'timestamptz', amount: 'date' },
    };
    const world = await worldForTest({ processes: [ordersLoad(source)] });
    const row = (id: unknown, amount: string): string =>
      `${JSON.stringify({ id, ts: '2023-09-14T01:10:00Z', amount })}\n`;
    putFile(
      world,
      'landing/1.jsonl',
      `${row(1, '2023-01-01')}${row('x', '2023-01-01')}\nnope\n${row(2, '2023-01-01T05:00:00')}${row(3, '2023-01-01T00:00:00')}`,
    );
    putFile(world, 'landing/2.jsonl', row(4, '2023-01-02'));
    const record = await world.publish('orders_load');
    expect(record.audits.find(({ name }) => name === 'bad_rows_orders')).toMatchObject({
      severity: 'warn',
      status: 'failed',
      actual: '3',
      sample: [2, 4, 5].map((line) => ({ file: 'landing/1.jsonl', line })),
    });
    expect(await loadedIds(world)).toEqual(['["1"]', '["3"]', '["4"]']);
    expect(
      await world.rows(
        "select failing_row->>'$.line' from psyberg.psyberg_audit_failure where audit_name = 'bad_rows_orders'",
      ),
    ).toEqual(['["2"]', '["4"]', '["5"]']);
    expect(await ledger(world)).toEqual(['["landing/1.jsonl","2","1"]', '["landing/2.jsonl","1","1"]']);
    putFile(world, 'landing/3.jsonl', '[{"id":"z"}]');
    expect(await refusal(world)).toMatchObject({ code: 'file-does-not-fit' });

    world.writeProcess(ordersLoad({ ...source, files: 'landing/*.csv' }));
    await world.reopen();
    putFile(
      world,
      'landing/4.csv',
      `amount,id,ts\n${'2023-01-01,5,2023-09-14 05:00:00\n'.repeat(5)}2023-01-01,6,2023-09-14 05:00:00,7\n2023-01-01,x,y\n2023-01-01,7.5,2023-09-14 05:00:00\n2023-01-01,8.0,2023-09-14 05:00:00\n`,
    );
    const csv = await world.publish('orders_load');
    expect(csv.audits.find(({ name }) => name === 'bad_rows_orders')).toMatchObject({
      actual: '3',
    });
    expect(await loadedIds(world)).toEqual(['1', '3', '4', ...'55555', '8'].map((id) => `["${id}"]`));
  });
});

describe('a file that cannot be loaded', () => {
  const cases: Record<
    string,
    [files: Record<string, string | Uint8Array>, source: Record<string, unknown>, error: object]
  > = {
    'no file at all': [{}, {}, { code: 'files-missing' }],
    'a line that is no JSON': [
      { 'a.jsonl': order(1, 1), 'b.jsonl': order(2, 1), 'c.jsonl': order(3, 1).repeat(16) + '{"id":,}\n' },
      {},
      { code: 'file-does-not-fit', context: { file: 'landing/c.jsonl', line: 17 } },
    ],
    'a byte that is not UTF-8': [
      {
        'a.jsonl': order(1, 1),
        'b.jsonl': Buffer.from('{"id":2,"ts":"2023-09-14T01:00:00Z","amount":"\xe9"}', 'latin1'),
      },
      { columns: { id: 'bigint', ts: 'timestamptz', amount: 'varchar' } },
      {
        code: 'file-does-not-fit',
        message: expect.stringMatching(/^landing\/b\.jsonl: .*invalid UTF-8/),
        context: { file: 'landing/b.jsonl', line: null, column: null },
      },
    ],
    'a value of another type': [
      { 'a.jsonl': order(1, 1), 'b.jsonl': order(2, 1) + '{"id": "two", "ts": "2023-09-14T01:00:00Z"}' },
      { columns: { id: 'bigint', ts: 'timestamptz', amount: 'double' } },
      { code: 'file-does-not-fit', context: { file: 'landing/b.jsonl', line: 2 } },
    ],
    'a gz that is cut off': [
      { 'a.jsonl.gz': gzipSync(order(1, 1).repeat(1000)).subarray(0, 90) },
      { files: 'landing/*.gz', format: 'json' },
      { code: 'file-does-not-fit', context: { file: 'landing/a.jsonl.gz' } },
    ],
    'a CSV with a cell too many': [
      { 'a.csv': 'id,ts,amount\n1,2023-09-14 01:00:00,2\n2,2023-09-14 01:00:00,2,3\n' },
      { files: 'landing/*.csv' },
      { code: 'file-does-not-fit', context: { file: 'landing/a.csv', line: 3 } },
    ],
    'a CSV with another head': [
      { 'a.csv': 'id,ts,amount\n1,2023-09-14 01:00:00,2\n', 'b.csv': 'id,ts,sum\n1,2023-09-14 01:00:00,2\n' },
      { files: 'landing/*.csv' },
      { code: 'file-does-not-fit', context: { file: 'landing/b.csv' } },
    ],
    'a CSV with a column more': [
      {
        'a.csv': 'id,ts,amount\n1,2023-09-14 01:00:00,2\n',
        'b.csv.gz': gzipSync('ts,amount,id,more\n2023-09-14 01:00:00,2,1,9\n'),
      },
      { files: 'landing/*.csv*', format: 'csv' },
      { code: 'file-does-not-fit', context: { file: 'landing/b.csv.gz', line: 1 } },
    ],
    'a CSV with a value of another type': [
      {
        'a.csv': 'id,ts,amount\n1,2023-09-14 01:00:00,2\n',
        'b.csv': 'id,ts,amount\n2,2023-09-14 01:00:00,2\nx,2023-09-14 01:00:00,2\n',
      },
      { files: 'landing/*.csv', columns: { id: 'bigint', ts: 'timestamp', amount: 'double' } },
      { code: 'file-does-not-fit', context: { file: 'landing/b.csv', line: 3 } },
    ],
    'no Parquet': [
      { 'a.parquet': 'PAR1' },
      { files: 'landing/*.parquet' },
      { code: 'file-does-not-fit', context: { file: 'landing/a.parquet' } },
    ],
    'an event time that is none': [
      { 'a.jsonl': '{"id":1,"ts":true,"amount":1}' },
      {},
      { code: 'event-time-type' },
    ],
    'no event time': [{ 'a.jsonl': '{"id":1,"amount":1}' }, {}, { code: 'event-time-missing' }],
  };
  it.each(Object.entries(cases))('%s', async (_name, [files, source, error]) => {
    const world = await worldForTest({ processes: [ordersLoad(source)] });
    for (const [file, content] of Object.entries(files)) putFile(world, `landing/${file}`, content);
    expect(await refusal(world)).toMatchObject(error);
    expect(await world.leftovers()).toEqual([]);
    expect(await world.psyberg.internals.client.tableExists({ namespace: ['raw'], name: 'orders' })).toBe(
      false,
    );
  });
});
