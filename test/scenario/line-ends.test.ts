// Goal: CSV files mean the same however their lines end, in one session and in several. Method: files whose lines end in
// other ways, read together, one after the other, and again by verify.
import { expect, it } from 'vitest';
import { ordersLoad, putFile, refusal } from '../support/landed-orders.ts';
import { expectVerified } from '../support/verified.ts';
import { type World, worldForTest } from '../support/world.ts';

const WRITTEN: Readonly<Record<string, (text: string) => string>> = {
  LF: (text) => text,
  CRLF: (text) => text.replaceAll('\n', '\r\n'),
  CR: (text) => text.replaceAll('\n', '\r'),
  'a BOM and CRLF': (text) => `\uFEFF${text.replaceAll('\n', '\r\n')}`,
};

const csv = (...ids: readonly number[]): string =>
  `id,ts,note\n${ids.map((id) => `${id},2023-09-14 01:10:00,"n ${id}"\n`).join('')}`;

const loadOf = (source: object = {}) =>
  ordersLoad({ files: 'landing/*.csv', ...source }, {}, 'select id, ts, note from orders');

const notes = (world: World): Promise<string[]> => world.rows('select id, note from raw.orders');
const ALL = [1, 2, 3, 4].map((id) => `["${id}","n ${id}"]`);

const PAIRS = Object.keys(WRITTEN).flatMap((first) =>
  Object.keys(WRITTEN).flatMap((second) => (first === second ? [] : [[first, second] as const])),
);

it.each(PAIRS)('%s, and %s in another file', async (first, second) => {
  const texts = [WRITTEN[first]?.(csv(1, 2)) ?? '', WRITTEN[second]?.(csv(3, 4)) ?? ''];
  const together = await worldForTest({ processes: [loadOf()] });
  for (const [index, text] of texts.entries()) putFile(together, `landing/${index}.csv`, text);
  await together.publish('orders_load');
  expect(await notes(together)).toEqual(ALL);
  await expectVerified(together, 'orders_load');
});

it('in sessions of their own are verified, and fit the types that are known', async () => {
  const world = await worldForTest({ processes: [loadOf()] });
  putFile(world, 'landing/1.csv', csv(1, 2));
  await world.publish('orders_load');
  putFile(world, 'landing/2.csv', WRITTEN['CRLF']?.(csv(3)) ?? '');
  putFile(world, 'landing/3.csv', csv(4));
  await world.publish('orders_load');
  expect(await notes(world)).toEqual(ALL);
  await expectVerified(world, 'orders_load');
});

// DuckDB tells rejected rows of files that it reads alike only.
it('a line that does not fit is told, and not set aside', async () => {
  const columns = { id: 'bigint', ts: 'timestamptz', note: 'varchar' };
  const world = await worldForTest({ processes: [loadOf({ columns, on_bad_rows: 'quarantine' })] });
  putFile(world, 'landing/1.csv', csv(1, 2));
  putFile(world, 'landing/2.csv', WRITTEN['CRLF']?.(`${csv(3, 4)}five,2023-09-14 01:10:00,n\n`) ?? '');
  expect(await refusal(world)).toMatchObject({
    code: 'file-does-not-fit',
    context: { file: 'landing/2.csv', line: 4 },
  });
});
