// Goal: the small readers of text take exactly what DuckDB and Psyberg's command line take. Method: text in,
// data out.
import { DuckDBInstance } from '@duckdb/node-api';
import { describe, expect, it } from 'vitest';
import { parseTableName, sameTable, tableName } from '../../src/model/names.ts';
import { scanSql } from '../../src/model/scan-sql.ts';
import { nearestName } from '../../src/project/did-you-mean.ts';
import { parsePartitionBy, partitionEntries } from '../../src/project/partition-by.ts';
import { parseSrcTables } from '../../src/project/src-tables.ts';

const parametersIn = (sql: string): string[] => scanSql(sql).parameters.map((parameter) => parameter.name);

describe('scanSql', () => {
  it('finds parameters and not what looks like one in strings, names, comments and dollar quotes', () => {
    expect(
      parametersIn(
        "select $a, '$b''$c', \"$d\", $$ $e $$, $x$ $f $$ $x$, E'\\'$g', a$h, $1 -- $i\n, $j /* $k /* $l */ $m */ + ?",
      ),
    ).toEqual(['a', '1', 'j', '?']);
  });
  it.each([
    "select $a, '$b', \"$c\", $$ $d $$, $x$ $e $x$, E'\\'$f', g$h from (select 1 as \"$c\", 2 as g$h) -- $i",
    '/* $a /* $b */ $c */ select $d /* $e */ -- $f\n, $g',
    'select 1 -- $a\r, $b',
    'select 1 --$a\r\n, $b',
    "select 'x\\' || $a, e'$b\\\\' || $c, E'\\\\''$d'",
    'select $größe, 1 as "$""a", $"b"',
    "select [$a][1], {'$b': $c}, $d::varchar, 1 -$e, list_filter([1], x -> x > $f), @$g",
    'select $é$ $a $é$ || $b',
  ])("takes for parameters what DuckDB's parser does: %s", async (sql) => {
    const instance = await DuckDBInstance.create(':memory:');
    const prepared = await (await instance.connect()).prepare(sql);
    const names = Array.from({ length: prepared.parameterCount }, (_, index) =>
      prepared.parameterName(index + 1),
    );
    instance.closeSync();
    expect(parametersIn(sql).sort()).toEqual(names.sort());
  });
  it('counts statements, not semicolons', () => {
    expect(scanSql("; select ';' -- ;\n; /* ; */ ;; ").statements).toEqual([
      { first: 2, firstWord: 'select', semicolon: 18 },
    ]);
    expect(scanSql('select 1; (select 2)').statements).toHaveLength(2);
  });
  it.each([
    ["select 'a", 'string'],
    ['select "a', 'quoted name'],
    ['select $$a', 'dollar-quoted string'],
    ['select /* a /* b */', 'comment'],
  ])('notices what is never closed: %s', (sql, what) => {
    expect(scanSql(sql).unclosed).toEqual({ what, offset: 7 });
  });
});

describe('parseSrcTables', () => {
  it("reads Psyberg's --src_tables", () => {
    expect(parseSrcTables('raw.raw_cancels|processing_ts, facts.cancel_request_fact')).toEqual([
      { table: { namespace: ['raw'], name: 'raw_cancels' }, timeColumn: 'processing_ts' },
      { table: { namespace: ['facts'], name: 'cancel_request_fact' } },
    ]);
  });
  it('finds the table of a bare name where it is told how', () => {
    const table = { namespace: ['raw'], name: 'raw_cancels' };
    const find = (name: string) => (name === 'cancels' ? table : undefined);
    expect(parseSrcTables('cancels|processing_ts', find)).toEqual([{ table, timeColumn: 'processing_ts' }]);
    expect(() => parseSrcTables('cancel', find)).toThrow(/a table is named namespace.table, found 'cancel'/);
    expect(() => parseSrcTables('cancels,raw.raw_cancels', find)).toThrow(/raw.raw_cancels is there twice/);
  });
  it.each([
    ['', 'names no table'],
    ['raw.a,', 'a table is missing between two commas or at an end'],
    ['raw_cancels', "a table is named namespace.table, found 'raw_cancels'"],
    ['raw.a|', "'raw.a|' names no column behind |"],
    ['raw.a|b|c', "'raw.a|b|c' has more than one |"],
    ['raw.a,raw.A', 'raw.A is there twice'],
  ])('refuses %s', (text, message) => {
    expect(() => parseSrcTables(text)).toThrow(
      expect.objectContaining({
        code: 'src-tables-invalid',
        message: `--src_tables: ${message}`,
        kind: 'usage',
      }),
    );
  });
});

describe('names of tables', () => {
  it('survive the way through text, and compare without case', () => {
    expect(tableName(parseTableName('raw.raw_cancels'))).toBe('raw.raw_cancels');
    expect(sameTable(parseTableName('raw.A'), parseTableName('RAW.a'))).toBe(true);
    expect(sameTable(parseTableName('raw.a'), parseTableName('facts.a'))).toBe(false);
  });
  it.each(['a', 'a.b.c', 'a.', '.b', 'a.b c', 'a."b"', 'a.1b', "a.b';--"])(
    'are refused when they are no names: %s',
    (text) => {
      expect(() => parseTableName(text)).toThrow(expect.objectContaining({ code: 'table-name-invalid' }));
    },
  );
});

describe('parsePartitionBy', () => {
  it('takes the number of a bucket first or last', () => {
    expect(parsePartitionBy('bucket(16, id)')).toEqual(parsePartitionBy('BUCKET( id ,16 )'));
  });
  it('takes a column of any name in double quotes', () => {
    expect(parsePartitionBy('hour("a ""b""")')).toEqual({ transform: 'hour', column: 'a "b"' });
  });
  it('puts together what YAML splits at the comma of a bracket', () => {
    expect(partitionEntries(['bucket(16', 'id)', 'day(ts)', 'country'])).toEqual([
      { text: 'bucket(16, id)', index: 0 },
      { text: 'day(ts)', index: 2 },
      { text: 'country', index: 3 },
    ]);
  });
});

describe('nearestName', () => {
  it('sees swapped letters and the only name that holds a part, and stays silent otherwise', () => {
    expect(nearestName('paterns', ['pattern', 'sources'])).toBe('pattern');
    expect(nearestName('ms', ['epoch_s', 'epoch_ms', 'epoch_us'])).toBe('epoch_ms');
    expect(nearestName('epoch', ['epoch_s', 'epoch_ms'])).toBeUndefined();
    expect(nearestName('entirely_other', ['pattern'])).toBeUndefined();
  });
});
