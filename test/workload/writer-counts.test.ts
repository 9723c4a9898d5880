// Goal: what COPY reports of its files is taken for what it says, and for no more. Method: reports made up
// here, then those that DuckDB makes of rows at the edges of hours.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { openEngine } from '../../src/engine/index.ts';
import { parseHour } from '../../src/model/hour.ts';
import type { WrittenFile } from '../../src/tables/write/data-files.ts';
import { writerCounts } from '../../src/workload/duckdb/writer-counts.ts';

const columns = [
  { name: 'Id', id: 1, type: 'long' },
  { name: 'ts', id: 2, type: 'timestamptz' },
] as const;

const file = (
  ts: Readonly<Record<string, string>>,
  id: Readonly<Record<string, string>> = {},
): WrittenFile => ({
  filename: 'f.parquet',
  count: 2n,
  file_size_bytes: 1n,
  column_statistics: { '"Id"': { null_count: '0', ...id }, '"ts"': { null_count: '0', ...ts } },
  partition_keys: null,
});
const counts = (...files: WrittenFile[]) => writerCounts({ files, columns, eventTime: 'ts' });
const at = (min: string, max: string): WrittenFile => file({ min, max });

describe('what the writer counted', () => {
  it('sums rows, and names the columns in which no file has a NULL', () => {
    const one = file({});
    expect(counts(one, one)).toMatchObject({ rows: 4n, columnsWithoutNull: new Set(['id', 'ts']) });
    expect(counts(one, file({}, { null_count: '1' })).columnsWithoutNull).toEqual(new Set(['ts']));
    const silent = { ...one, column_statistics: {} };
    expect(counts(one, silent).columnsWithoutNull).toEqual(new Set());
  });

  it('tells the hours of each file, with and without a zone', () => {
    const found = counts(
      at('2023-09-14 05:00:00+00', '2023-09-14 05:59:59.999999+00'),
      at('1969-12-31 23:59:59', '1970-01-01 00:00:00'),
    );
    expect(found.hours).toEqual([
      { firstHour: parseHour('2023-09-14T05:00:00Z'), lastHour: parseHour('2023-09-14T05:00:00Z') },
      { firstHour: -1, lastHour: 0 },
    ]);
  });

  it.each([
    ['a date', at('2023-09-14', '2023-09-14')],
    ['a time that is no hour', at('-infinity', '2023-09-14 05:00:00+00')],
    ['a year of five digits', at('2023-09-14 05:00:00', '10000-01-01 00:00:00')],
    ['a year before the first', at('0044-03-15 (BC) 00:00:00', '2023-09-14 05:00:00')],
    ['a year that JavaScript reads otherwise', at('0044-03-15 00:00:00', '2023-09-14 05:00:00')],
    ['another zone', at('2023-09-14 05:00:00+02', '2023-09-14 05:00:00+02')],
    [
      'a row without a time',
      file({ min: '2023-09-14 05:00:00', max: '2023-09-14 05:00:00', null_count: '1' }),
    ],
    ['no bounds', file({})],
  ])('tells no hours where one file has %s', (_what, strange) => {
    expect(counts(at('2023-09-14 05:00:00', '2023-09-14 05:00:00'), strange).hours).toBeUndefined();
  });

  it('agrees with what DuckDB reports', async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'psyberg-test-'));
    const engine = await openEngine();
    const sql = `copy (
      select * from (values (1, timestamptz '2023-09-14 05:59:59.999999+00'), (null, timestamptz '2023-09-14 06:00:00+00')) as t("Id", ts)
    ) to '${folder}/f.parquet' (format parquet, return_stats)`;
    const files = (await engine.query({ sql, parameters: {} })) as unknown as WrittenFile[];
    engine.close();
    fs.rmSync(folder, { recursive: true });
    const hour = parseHour('2023-09-14T05:00:00Z');
    expect(counts(...files)).toEqual({
      rows: 2n,
      columnsWithoutNull: new Set(['ts']),
      hours: [{ firstHour: hour, lastHour: hour + 1 }],
    });
  });
});
