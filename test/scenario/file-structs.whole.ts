// Goal: what is inside of structs means what the files say, or the file is refused by its name: no value is rounded,
// no zone left out, and no field lost for its letters. Method: declared and found types, values that do not fit.
import { describe, expect, it } from 'vitest';
import { ordersLoad, putFile, refusal } from '../support/landed-orders.ts';
import { worldForTest } from '../support/world.ts';

const columns = {
  id: 'bigint',
  ts: 'timestamptz',
  amount: 'struct(a bigint, d date, t timestamp, l decimal(9,2)[])',
};
const row = (amount: unknown, id = 1): string =>
  `${JSON.stringify({ id, ts: '2023-09-14T01:10:00Z', amount })}\n`;

describe('values inside of structs', { timeout: 60_000 }, () => {
  it.each([
    [{ a: 2.5 }],
    [{ d: '2023-01-01T05:00:00' }],
    [{ t: '2023-01-01T05:00:00+02:00' }],
    [{ l: [1.25, 1.234] }],
    [{ a: 'x' }],
    ['text'],
  ])('that do not fit what columns: says are refused: %j', async (amount) => {
    const world = await worldForTest({ processes: [ordersLoad({ columns })] });
    putFile(
      world,
      'landing/1.jsonl',
      row({ a: 2, d: '2023-01-01', t: '2023-01-01T05:00:00', l: [1.25] }) + row(amount, 2),
    );
    expect(await refusal(world)).toMatchObject({
      code: 'file-does-not-fit',
      context: { file: 'landing/1.jsonl', line: 2 },
    });
  });

  it('that fit are loaded, also beside fields that columns: does not name', async () => {
    const world = await worldForTest({ processes: [ordersLoad({ columns })] });
    putFile(
      world,
      'landing/1.jsonl',
      row({ a: 2.0, d: '2023-01-01', t: '2023-01-01T05:00:00', l: [1.25, 0.1], more: 1 }) +
        row(null, 2) +
        row({}, 3),
    );
    await world.publish('orders_load');
    expect(await world.rows('select id, amount from raw.orders')).toEqual([
      '["1",{"a":"2","d":"2023-01-01","t":"2023-01-01T05:00:00","l":["1.25","0.10"]}]',
      '["2",null]',
      '["3",{"a":null,"d":null,"t":null,"l":null}]',
    ]);
  });

  it('are kept aside, where the source says so', async () => {
    const world = await worldForTest({ processes: [ordersLoad({ columns, on_bad_rows: 'quarantine' })] });
    putFile(world, 'landing/1.jsonl', row({ a: 2, more: 1 }) + row({ a: 2.5 }, 2) + row({ a: 3 }, 3));
    const record = await world.publish('orders_load');
    expect(record.audits.find(({ name }) => name === 'bad_rows_orders')).toMatchObject({ actual: '1' });
    expect(await world.rows('select id, amount.a from raw.orders')).toEqual(['["1","2"]', '["3","3"]']);
  });

  it('of a CSV are not rounded', async () => {
    const csv = { files: 'landing/*.csv', columns: { id: 'bigint', ts: 'timestamptz', amount: 'bigint[]' } };
    const world = await worldForTest({ processes: [ordersLoad(csv)] });
    putFile(world, 'landing/1.csv', 'id,ts,amount\n1,2023-09-14T01:10:00Z,"[1, 2]"\n');
    await world.publish('orders_load');
    expect(await world.rows('select amount from raw.orders')).toEqual(['[["1","2"]]']);
    putFile(world, 'landing/2.csv', 'id,ts,amount\n2,2023-09-14T01:10:00Z,"[2.5, 3]"\n');
    expect(await refusal(world)).toMatchObject({ code: 'file-does-not-fit' });
  });
});

describe('a field that is spelled in two ways', { timeout: 60_000 }, () => {
  const text = (field: string, value: unknown): string =>
    `${JSON.stringify({ id: 1, ts: '2023-09-14T01:10:00Z', [field]: value })}\n`;
  it.each([
    ['in the first session', {}, [text('Amount', 1) + text('amount', 2)]],
    [
      'in the first session, with lines kept aside',
      { on_bad_rows: 'quarantine' },
      [text('Amount', 1) + text('amount', 2)],
    ],
    ['inside of a struct', {}, [text('amount', { A: 1 }) + text('amount', { a: 2 })]],
    [
      'inside of a struct, with lines kept aside',
      { on_bad_rows: 'quarantine' },
      [text('amount', { A: 1 }) + text('amount', { a: 2 })],
    ],
    ['inside of a struct, later', {}, [text('amount', { A: 1 }), text('amount', { a: 2 })]],
    [
      'inside of a declared struct',
      { columns: { ...columns, amount: 'struct(A bigint)' } },
      [text('amount', { a: 2 })],
    ],
  ])('%s, is refused', async (_where, source, files) => {
    const world = await worldForTest({
      processes: [ordersLoad(source, {}, "select id, ts, columns(c -> c ilike 'amount') from orders")],
    });
    for (const [index, content] of files.entries()) {
      putFile(world, `landing/${index}.jsonl`, content);
      if (index < files.length - 1) await world.publish('orders_load');
    }
    expect(await refusal(world)).toMatchObject({ code: 'file-does-not-fit' });
  });

  it('is none where a field has such a name', async () => {
    const world = await worldForTest({
      processes: [ordersLoad({}, {}, 'select id, ts, amount, amount_1 from orders')],
    });
    putFile(world, 'landing/1.jsonl', `{"id":1,"ts":"2023-09-14T01:10:00Z","amount":1,"amount_1":2}`);
    await world.publish('orders_load');
    expect(await world.rows('select amount, amount_1 from raw.orders')).toEqual(['["1","2"]']);
  });
});
