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

// DuckDB says of such a file that its reader reached an invalid state, and no line.
it.each([
  ['LF', 'CRLF', 3],
  ['CRLF', 'LF', 3],
  ['CRLF', 'LF', 5],
  ['LF', 'CR', 4],
  ['CR', 'CRLF', 2],
] as const)('%s in a file, and %s at one line, is refused with that line', async (ends, other, line) => {
  const TEXT = { LF: '\n', CRLF: '\r\n', CR: '\r' };
  const lines = ['id,ts,note', ...[1, 2, 3, 4].map((id) => `${id},2023-09-14 01:10:00,n ${id}`)];
  const text = lines.map((each, at) => `${each}${at + 1 === line ? TEXT[other] : TEXT[ends]}`).join('');
  for (const on_bad_rows of ['refuse', 'quarantine']) {
    const world = await worldForTest({ processes: [loadOf({ on_bad_rows })] });
    putFile(world, 'landing/1.csv', csv(9));
    putFile(world, 'landing/2.csv', text);
    expect(await refusal(world)).toMatchObject({
      code: 'file-does-not-fit',
      message: expect.stringContaining(`the line ends with ${other}, and those before it with ${ends}`),
      hint: expect.stringContaining('write them alike'),
      context: { file: 'landing/2.csv', line },
    });
  }
});

it('in quotes they are of the value, whatever they are', async () => {
  const world = await worldForTest({ processes: [loadOf()] });
  putFile(
    world,
    'landing/1.csv',
    'id,ts,note\n1,2023-09-14 01:10:00,"a\r\nb"\n2,2023-09-14 01:10:00,"c\rd"\n',
  );
  await world.publish('orders_load');
  expect(await notes(world)).toEqual(['["1","a\\r\\nb"]', '["2","c\\rd"]']);
});

it('of JSON lines each ends as it likes, also where one of them is set aside', async () => {
  const json = (id: unknown): string => JSON.stringify({ id, ts: '2023-09-14T01:10:00Z', note: `n ${id}` });
  const columns = { id: 'bigint', ts: 'timestamptz', note: 'varchar' };
  const source = { files: 'landing/*.jsonl', columns, on_bad_rows: 'quarantine' };
  const world = await worldForTest({ processes: [loadOf(source)] });
  const lines = [`${json(1)}\n`, `${json(2)}\r\n`, `${json('x')}\r`, `${json(3)}\r\n`, json(4)];
  putFile(world, 'landing/1.jsonl', lines.join(''));
  await world.publish('orders_load');
  expect(await notes(world)).toEqual(ALL);
  expect(await world.rows('select failing_rows from psyberg.psyberg_audit_failure')).toEqual(['["1"]']);
});
