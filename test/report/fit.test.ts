// Goal: text fits the width that it is given, and loses as little as can be. Method: values in, text out.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Fit, fitCells, hangingText, wrapText } from '../../src/report/fit.ts';
import { columnsText } from '../../src/report/text.ts';
import { displayWidth } from '../../src/report/width.ts';
import { propertySeed } from '../support/property-seed.ts';

const RED = (text: string): string => `\u001b[31m${text}\u001b[39m`;

describe('a text that fits', () => {
  it('is broken between words, and where a range of days goes on', () => {
    expect(wrapText('one two three four', 9)).toBe('one two\nthree\nfour');
    expect(wrapText('  a list that goes on', 12, 2)).toBe('  a list\n    that\n    goes on');
    expect(wrapText('2023-09-13 22h..2023-09-14 01h', 16)).toBe('2023-09-13 22h..\n2023-09-14 01h');
    expect(wrapText('2023-09-13 22h..23h', 16)).toBe('2023-09-13\n22h..23h');
  });

  it('keeps its colour on every line, and on none between them', () => {
    const [first, second] = wrapText(RED('one two three'), 8).split('\n');
    expect([first, second]).toEqual(['\u001b[31mone two\u001b[0m', '\u001b[31mthree\u001b[39m']);
  });

  it('stands under its beginning, or below a label that leaves no room', () => {
    expect(hangingText('name  ', 'what it does, and why', 20)).toBe('name  what it does,\n      and why');
    expect(hangingText('a_very_long_name  ', 'what it does', 20)).toBe('a_very_long_name\n    what it does');
    expect(hangingText('name  ', '', 20)).toBe('name');
  });
});

describe('columns that fit', () => {
  const rows = [
    ['process', 'status', 'what it does', 'when'],
    ['account_state_dimension_load', 'work', 'overwrites a table with words', '2023-09-14'],
  ];
  const fits: readonly Fit[] = ['cut', 'keep', 'wrap', 'drop'];

  it('are left alone where there is room', () => {
    expect(fitCells({ rows, fits, width: 200 })).toEqual({ rows, shown: [0, 1, 2, 3], hidden: 0 });
  });

  it('drop first what others say too, then go on below, then are cut', () => {
    expect(columnsText(rows, { fits, width: 70 })).toBe(
      [
        'process                       status  what it does',
        'account_state_dimension_load  work    overwrites a table with words',
      ].join('\n'),
    );
    expect(columnsText(rows, { fits, width: 50 })).toBe(
      [
        'process               status  what it does',
        'account_st…sion_load  work    overwrites a table',
        '                              with words',
      ].join('\n'),
    );
  });

  it('say how many had no room at all', () => {
    const wide = [Array.from({ length: 30 }, (_, index) => `column_${index}`)];
    const { shown, hidden } = fitCells({ rows: wide, fits: wide[0]?.map(() => 'cut') ?? [], width: 80 });
    expect([shown.length, hidden]).toEqual([10, 20]);
  });

  it('never break the frame', () => {
    const cell = fc.string({ unit: fc.constantFrom('a', 'b', ' ', '_', '.', 'é', '日'), maxLength: 60 });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }).chain((columns) =>
          fc.record({
            rows: fc.array(fc.array(cell, { minLength: columns, maxLength: columns }), {
              minLength: 1,
              maxLength: 4,
            }),
            fits: fc.array(fc.constantFrom<Fit>('keep', 'cut', 'wrap', 'drop'), {
              minLength: columns,
              maxLength: columns,
            }),
            width: fc.integer({ min: 24, max: 120 }),
          }),
        ),
        ({ rows: given, ...options }) => {
          for (const line of columnsText(given, options).split('\n'))
            expect(displayWidth(line)).toBeLessThanOrEqual(options.width);
        },
      ),
      { numRuns: 300, ...propertySeed() },
    );
  });
});
