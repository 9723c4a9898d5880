// Goal: files whose times are spelled in several ways of ISO 8601 are read by one session as they are by several, and
// texts that are no such times are refused with what to write. Method: two files with a spelling each, together,
// one after the other and again by verify; JSON lines and CSV.
import { describe, expect, it } from 'vitest';
import { ordersLoad, putFile, refusal } from '../support/landed-orders.ts';
import { expectVerified } from '../support/verified.ts';
import { type World, worldForTest } from '../support/world.ts';

const SPELLED = {
  'a T and Z': ['2023-09-14T01:10:00Z', '2023-09-14T02:10:00.5Z'],
  'a blank and an offset': ['2023-09-14 03:10:00+00', '2023-09-14 06:10:00+02:00'],
  'no zone': ['2023-09-14 05:10:00', '2023-09-14T06:10:00.250'],
  'a date': ['2023-09-14', '2023-09-13'],
} as const;
const AT: Readonly<Record<string, string>> = {
  '2023-09-14T02:10:00.5Z': '2023-09-14T02:10:00.5Z',
  '2023-09-14 06:10:00+02:00': '2023-09-14T04:10:00Z',
};
const instantOf = (text: string): number => {
  const known =
    AT[text] ?? `${text.replace(' ', 'T').replace(/Z|\+00$/, '')}${text.includes(':') ? 'Z' : ''}`;
  return Date.parse(known);
};

const WRITERS = {
  json: (texts: readonly string[], first: number) =>
    texts.map((ts, index) => `${JSON.stringify({ id: first + index, ts, amount: 1.5 })}\n`).join(''),
  csv: (texts: readonly string[], first: number) =>
    `id,ts,amount\n${texts.map((ts, index) => `${first + index},${ts},1.5\n`).join('')}`,
} as const;
const ENDS = { json: 'jsonl', csv: 'csv' } as const;

const times = (world: World): Promise<string[]> =>
  world.rows('select id, epoch_ms(ts) as at from raw.orders');
const PAIRS = (['json', 'csv'] as const).flatMap((format) =>
  Object.keys(SPELLED).flatMap((first) =>
    Object.keys(SPELLED).flatMap((second) => (first < second ? [[format, first, second] as const] : [])),
  ),
);

describe('times', () => {
  it.each(PAIRS)('%s: %s, and %s in another file', async (format, first, second) => {
    const texts = [SPELLED[first as 'a date'], SPELLED[second as 'a date']] as const;
    const expected = [...texts[0], ...texts[1]].map((text, id) => `["${id}","${instantOf(text)}"]`).sort();
    // A column of nothing but dates is one of dates, in which a time of day does not fit.
    for (const together of first === 'a date' ? [true] : [true, false]) {
      const world = await worldForTest({
        processes: [ordersLoad({ files: `landing/*.${ENDS[format]}` })],
      });
      for (const [index, each] of texts.entries()) {
        putFile(world, `landing/${index}.${ENDS[format]}`, WRITERS[format](each, index * 2));
        if (!together || index === 1) await world.publish('orders_load');
      }
      expect(await times(world)).toEqual(expected);
      await expectVerified(world, 'orders_load');
    }
  });

  it.each([
    ['a text beside them', ['2023-09-14T01:10:00Z', 'yesterday'], {}],
    ['another form', ['14/09/2023 01:10', '14/09/2023 02:10'], {}],
    ['what only a cast takes for one', ['2023-09-14T01:10:00Z', '2023-09-14 01:10:00+00', 'infinity'], {}],
    ['nanoseconds that would be cut', ['2023-09-14T01:10:00Z', '2023-09-14 01:10:00.123456789+00'], {}],
  ])('%s: refused, with all columns to write', async (_what, texts, source) => {
    const world = await worldForTest({ processes: [ordersLoad(source)] });
    putFile(world, 'landing/1.jsonl', WRITERS.json(texts, 1));
    expect(await refusal(world)).toMatchObject({
      code: 'event-time-type',
      hint: expect.stringContaining('columns: { id: bigint, ts: timestamptz, amount: double }'),
    });
  });

  it('are read as the source says, where it says it', async () => {
    const options = { timestampformat: '%d/%m/%Y %H:%M' };
    const world = await worldForTest({
      processes: [ordersLoad({ options, columns: { id: 'bigint', ts: 'timestamptz', amount: 'double' } })],
    });
    putFile(world, 'landing/1.jsonl', WRITERS.json(['14/09/2023 01:10'], 1));
    await world.publish('orders_load');
    expect(await times(world)).toEqual([`["1","${Date.parse('2023-09-14T01:10:00Z')}"]`]);
  });
});
