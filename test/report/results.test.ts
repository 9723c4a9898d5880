// Goal: what a result looks like in each format loses nothing, and does no harm on a terminal. Method: columns
// and rows in, text out.
import { describe, expect, it } from 'vitest';
import { columnsInRoom } from '../../src/report/results/columns-in-room.ts';
import type { TextColumn, TextRows } from '../../src/report/results/format.ts';
import { resultText, type TextFormat } from '../../src/report/results/formats.ts';
import { jsonMembersText } from '../../src/report/results/json.ts';
import { PLAIN } from '../../src/report/style.ts';
import { cutToWidth, displayWidth } from '../../src/report/width.ts';

const columnsOf = (text: string): TextColumn[] =>
  text.split(', ').map((each) => {
    const [name = '', ...type] = each.split(' ');
    return { name, type: type.join(' ') };
  });

const shown = (
  format: TextFormat,
  columns: string,
  rows: TextRows,
  { width = 80, isCut = false, isForTerminal = false } = {},
): string => {
  const text = resultText(format, columnsOf(columns), { style: PLAIN, width, isForTerminal });
  // In two parts: what stands between rows must not depend on where a part ends.
  return [text.rows(rows.slice(0, 1)), text.rows(rows.slice(1)), text.end({ rows: rows.length, isCut })].join(
    '',
  );
};

describe('box', () => {
  it('names types, tells NULL from an empty text, and keeps what is wide in line', () => {
    expect(
      shown('box', 'id BIGINT, at TIMESTAMP WITH TIME ZONE, name VARCHAR', [
        [9007199254740993n, '2026-01-01T00:00:00Z', '日本🫠'],
        [-0, null, ''],
      ]),
    ).toBe(
      [
        '┌──────────────────┬──────────────────────┬─────────┐',
        '│               id │ at                   │ name    │',
        '│           BIGINT │ TIMESTAMPTZ          │ VARCHAR │',
        '├──────────────────┼──────────────────────┼─────────┤',
        '│ 9007199254740993 │ 2026-01-01T00:00:00Z │ 日本🫠  │',
        '│               -0 │ NULL                 │         │',
        '└──────────────────┴──────────────────────┴─────────┘',
        '2 rows',
        '',
      ].join('\n'),
    );
  });
  it('shows controls and marks of direction by their codes, in names as well', () => {
    const text = shown('box', 'a\u001b[31m VARCHAR, b VARCHAR', [['\u001b]0;x\u0007\n\u202e', '\u009b2J']]);
    expect(text).toContain(String.raw`│ a\x1b[31m            │ b       │`);
    expect(text).toContain(String.raw`│ \x1b]0;x\x07\n\u202e │ \x9b2J  │`);
  });
  it('leaves columns out in the middle and says how many, and no line is too long', () => {
    const names = Array.from({ length: 20 }, (_, index) => `column_${index + 1}`);
    const text = shown('box', names.map((name) => `${name} VARCHAR`).join(', '), [
      names.map((name) => `value of ${name}`),
    ]);
    const lines = text.trimEnd().split('\n');
    expect(Math.max(...lines.slice(0, -1).map(displayWidth))).toBeLessThanOrEqual(80);
    expect(lines[1]).toMatch(/^│ column_1 .*│ … │.* column_20 +│$/);
    expect(lines.at(-1)).toBe(
      '1 row; 17 of 20 columns left out (column_3 .. column_19): --format csv has all',
    );
  });
  it('cuts long texts before a column is left out, and none of a single column', () => {
    const long = 'x'.repeat(200);
    const text = shown('box', 'a VARCHAR, b INTEGER', [[long, 1]]);
    expect(text.split('\n').map(displayWidth).slice(0, 6)).toEqual([80, 80, 80, 80, 80, 80]);
    expect(text).toContain('x… │       1 │');
    const single = shown('box', 'a VARCHAR', [[long]]);
    expect(single).toContain(`│ ${long} │`);
    expect(displayWidth(single.split('\n')[0] as string)).toBe(80);
  });
  it('begins another table after many rows, so that none is held whole', () => {
    const text = resultText('box', columnsOf('n INTEGER'), {
      style: PLAIN,
      width: 80,
      isForTerminal: false,
    });
    const rows = Array.from({ length: 25_000 }, (_, index) => [index]);
    const parts = [
      text.rows(rows.slice(0, 9_000)),
      text.rows(rows.slice(9_000)),
      text.end({ rows: 25_000, isCut: false }),
    ];
    expect(parts[0]).toBe('');
    expect(parts.join('').match(/┌/g)).toHaveLength(3);
    expect(parts.join('').match(/^│ +\d/gm)).toHaveLength(25_000);
    expect(parts[2]).toMatch(/25,000 rows\n$/);
  });
  it('says where a limit cut rows off, and has a head without rows', () => {
    expect(shown('box', 'a INTEGER', [[1]], { isCut: true })).toMatch(/\nthe first 1 row; there are more\n$/);
    expect(shown('box', 'a INTEGER', [])).toMatch(/├─+┤\n└─+┘\n0 rows\n$/);
  });
  it('draws a plan as DuckDB does', () => {
    expect(
      shown('box', 'explain_key VARCHAR, explain_value VARCHAR', [['physical_plan', '┌─┐\n│\u001b│\n└─┘\n']]),
    ).toBe('┌─┐\n│\\x1b│\n└─┘\n');
  });
});

describe('the columns that fit', () => {
  it.each([
    [[10, 10], 80, [0, 1], [10, 10]],
    [[60, 10], 40, [0, 1], [23, 10]],
    [[30, 30, 30], 50, [0, 2], [19, 19]],
    [[30, 30, 30], 10, [0], [2]],
  ])('of %j in %i columns are %j, %j wide', (natural, room, indexes, widths) => {
    expect(columnsInRoom(natural, room)).toMatchObject({ shown: indexes, widths });
  });
  it('never take more room than there is', () => {
    for (let room = 20; room < 120; room += 1)
      for (const natural of [[5, 50, 5, 50, 5], [1, 1], [40, 40], Array.from({ length: 30 }, () => 9)]) {
        const { shown: indexes, widths } = columnsInRoom(natural, room);
        const dots = indexes.length < natural.length ? 4 : 0;
        expect(widths.reduce((sum, width) => sum + width + 3, 1 + dots)).toBeLessThanOrEqual(room);
      }
  });
});

it('text is cut between characters, whatever they are made of', () => {
  expect([
    cutToWidth('abcdef', 4),
    cutToWidth('日本語', 4),
    cutToWidth('👩‍👩‍👧x👩‍👩‍👧', 4),
    cutToWidth('ab', 2),
  ]).toEqual(['abc…', '日…', '👩‍👩‍👧x…', 'ab']);
});

describe('csv', () => {
  it('has nothing for NULL, quotes for an empty text and for what would end a field', () => {
    expect(
      shown('csv', 'a VARCHAR, b VARCHAR, "c,d" BIGINT[]', [
        [null, '', [1n, null]],
        ['say "x"\n', ' y', -0],
      ]),
    ).toBe('a,b,"""c,d"""\n,"","[""1"",null]"\n"say ""x""\n"," y",-0\n');
  });
  it('keeps control characters in a file, and spells them out on a terminal', () => {
    const rows = [['\u001b[31m']];
    expect(shown('csv', 'a VARCHAR', rows)).toBe('a\n\u001b[31m\n');
    expect(shown('csv', 'a VARCHAR', rows, { isForTerminal: true })).toBe('a\n\\x1b[31m\n');
  });
});

describe('json', () => {
  const columns = 'big BIGINT, n DOUBLE, s STRUCT';
  const rows = [
    [9007199254740993n, Number.NaN, { a: [1n, null], b: '\u009b' }],
    [null, -0, null],
  ];
  it('is an array of objects; what JSON cannot hold is text', () => {
    const text = shown('json', columns, rows);
    expect(JSON.parse(text)).toEqual([
      { big: '9007199254740993', n: 'NaN', s: { a: ['1', null], b: '\u009b' } },
      { big: null, n: -0, s: null },
    ]);
    expect(text).not.toContain('\u009b');
    expect(JSON.parse(shown('json', columns, []))).toEqual([]);
  });
  it('is an object a line as jsonl', () => {
    const lines = shown('jsonl', columns, rows).trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line).big)).toEqual(['9007199254740993', null]);
    expect(shown('jsonl', columns, [])).toBe('');
  });
  it('has columns and rows in a document, and says where rows are missing', () => {
    const text = jsonMembersText(columnsOf('a INTEGER'));
    expect(JSON.parse(`{${text.rows([[1]])}${text.rows([])}${text.end({ rows: 1, isCut: true })}}`)).toEqual({
      columns: [{ name: 'a', type: 'INTEGER' }],
      rows: [{ a: 1 }],
      more_rows: true,
    });
  });
});

it('markdown keeps its cells together', () => {
  expect(
    shown('markdown', 'a INTEGER, b VARCHAR', [
      [1, 'x|y\n<b>'],
      [null, 'a < b'],
    ]),
  ).toBe('| a | b |\n| ---: | --- |\n| 1 | x\\|y<br>\\<b> |\n| NULL | a < b |\n');
});
