// Goal: what differs is said row by row and cell by cell. Method: rows that differ in known ways.
import { describe, expect, it } from 'vitest';
import { compareRows, matchRows } from '../../src/testing/judge/compare.ts';

const COLUMNS = [
  { name: 'id', type: 'BIGINT' },
  { name: 'kind', type: 'VARCHAR' },
  { name: 'amount', type: 'DOUBLE' },
];

describe('compareRows', () => {
  it('finds nothing in the same rows, in any order, counted with repetitions', () => {
    const rows = [
      [1n, 'a', 0.5],
      [1n, 'a', 0.5],
      [2n, null, 1],
    ];
    expect(compareRows(COLUMNS, rows, [...rows].reverse())).toBeUndefined();
    expect(compareRows(COLUMNS, rows, rows.slice(1))).toMatchObject({ missing: [{ id: 1n }], extra: [] });
  });
  it('does not compare the last digits of a sum, which depend on the order of the rows', () => {
    expect(compareRows(COLUMNS, [[1n, 'a', 0.1 + 0.2 + 0.3]], [[1n, 'a', 0.3 + 0.2 + 0.1]])).toBeUndefined();
    expect(compareRows(COLUMNS, [[1n, 'a', 0.6]], [[1n, 'a', 0.6001]])).toBeDefined();
  });
  it('tells NULL from an empty text, and a number from its text', () => {
    expect(compareRows(COLUMNS, [[1n, null, 1]], [[1n, '', 1]])).toBeDefined();
    expect(compareRows(COLUMNS, [[1n, 'NULL', 1]], [[1n, null, 1]])).toBeDefined();
    expect(compareRows(COLUMNS, [[1n, '1', 1]], [[1n, 1, 1]])).toBeDefined();
  });
  it('pairs rows that seem to be one, the likeliest first, and names the cells that differ', () => {
    const difference = compareRows(
      COLUMNS,
      [
        [1n, 'a', 1],
        [2n, 'b', 2],
      ],
      [
        [2n, 'b', 3],
        [9n, 'z', 9],
      ],
    );
    expect(difference?.missing).toHaveLength(2);
    expect(difference?.extra).toHaveLength(2);
    expect(difference?.changed).toEqual([
      {
        expected: { id: 2n, kind: 'b', amount: 2 },
        found: { id: 2n, kind: 'b', amount: 3 },
        columns: ['amount'],
      },
    ]);
  });
});

describe('matchRows', () => {
  const row = (cells: Readonly<Record<string, unknown>>) => new Map(Object.entries(cells));
  it('compares only the columns that a row names, and each found row serves one', () => {
    const found = [
      [1n, 'a', 1],
      [2n, 'a', 2],
    ];
    expect(matchRows(COLUMNS, [row({ kind: 'a' }), row({ id: 1n })], found)).toBeUndefined();
    expect(matchRows(COLUMNS, [row({ kind: 'a' })], found)).toMatchObject({ missing: [], extra: [{}] });
    expect(matchRows(COLUMNS, [row({ id: 1n }), row({ id: 1n })], found)).toMatchObject({
      missing: [{ id: 1n }],
      extra: [{ id: 2n }],
    });
  });
  it('finds partners for all where the first choice would leave one without', () => {
    const found = [
      [1n, 'a', 1],
      [2n, 'b', 2],
    ];
    expect(matchRows(COLUMNS, [row({}), row({ id: 1n })], found)).toBeUndefined();
  });
});
