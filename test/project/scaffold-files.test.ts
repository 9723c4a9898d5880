// Goal: `psyberg new --files` names and reads a folder as a person would. Method: columns and globs as values.
import { describe, expect, it } from 'vitest';
import {
  eventTimeAmong,
  filesPlaceholders,
  globInProject,
  nameOfFiles,
} from '../../src/project/scaffold-files.ts';

const columns = (all: Readonly<Record<string, string>>) =>
  Object.entries(all).map(([name, type]) => ({ name, type }));
const TZ = 'TIMESTAMP WITH TIME ZONE';

describe('the event time', () => {
  it.each([
    [{ id: 'BIGINT', updated_at: TZ, event_ts: TZ }, 'event_ts', undefined],
    [{ created_at: TZ, ts: 'TIMESTAMP' }, 'ts', undefined],
    [{ note: 'VARCHAR', valid: 'DATE', ordered_at: TZ }, 'ordered_at', undefined],
    [{ valid: 'DATE', other: 'DATE' }, 'valid', undefined],
    [{ id: 'BIGINT', processing_ms: 'BIGINT', size_s: 'DOUBLE' }, 'processing_ms', 'epoch_ms'],
    [{ id: 'BIGINT', seen_epoch: 'INTEGER' }, 'seen_epoch', 'epoch_s'],
    [{ at_us: 'UBIGINT', at_ms: 'BIGINT' }, 'at_ms', 'epoch_ms'],
  ])('of %o is %s %s', (all, name, unit) => {
    const found = eventTimeAmong(columns(all));
    expect([found?.column.name, found?.unit]).toEqual([name, unit]);
  });

  it('is none where nothing looks like it, which is told with the columns', () => {
    const none = columns({ id: 'BIGINT', at: 'VARCHAR' });
    expect(eventTimeAmong(none)).toBeUndefined();
    expect(() =>
      filesPlaceholders(
        { globs: ['in/*.csv'], format: 'csv' },
        { columns: none, project: 'p', saysFormat: false },
      ),
    ).toThrow(expect.objectContaining({ code: 'event-time-missing', context: { files: 'in/*.csv' } }));
  });
});

it.each([
  ['landing/orders/*.jsonl', 'orders'],
  ['landing/Web-Orders/2023*/*.csv', 'web_orders'],
  ['orders.jsonl', 'orders'],
  ['./*.jsonl', 'landed'],
  ['../**/*.parquet', 'landed'],
  ['s3://shop/in/orders/*.parquet', 'orders'],
  ['https://example.com/2023/sales.csv', 'files_2023'],
  ['2023/*.csv', 'files_2023'],
  ['target/*.csv', 'landed'],
  ['in/größe/*.csv', 'gr_e'],
])('the rows of %s are called %s', (glob, name) => {
  expect(nameOfFiles(glob)).toBe(name);
});

it('the process quotes what has to be quoted, and makes a time of an epoch', () => {
  const placeholders = (globs: string[], all: Record<string, string>, saysFormat = false) =>
    filesPlaceholders({ globs, format: 'json' }, { columns: columns(all), project: 'shop', saysFormat });
  expect(placeholders(['in/orders/*.gz'], { id: 'BIGINT', 'the day': 'DATE' }, true)).toMatchObject({
    name: 'orders',
    files: 'in/orders/*.gz',
    format: '    format: json',
    event_time: '"the day"',
    unit: '',
    target_time: '"the day"',
    grain: 'day',
    day: '::date',
    columns: 'id,\n       "the day"',
  });
  expect(placeholders(['in/it: {1}/*.jsonl'], { id: 'BIGINT', at_ms: 'BIGINT' })).toMatchObject({
    files: '"in/it: {1}/*.jsonl"',
    event_time: 'at_ms',
    unit: '    event_time_unit: epoch_ms',
    target_time: 'at_ms_utc',
    columns: 'id,\n       at_ms,\n       make_timestamptz(at_ms * 1000) as at_ms_utc',
  });
});

it('a glob is relative to the project, unless it is absolute or an address', () => {
  expect(globInProject('in/*.csv', '/srv/me', '/srv/me/shop')).toBe('../in/*.csv');
  expect(globInProject('shop/in/*.csv', '/srv/me', '/srv/me/shop')).toBe('in/*.csv');
  expect(globInProject('/data/*.csv', '/srv/me', '/srv/me/shop')).toBe('/data/*.csv');
  expect(globInProject('s3://b/*.csv', '/srv/me', '/srv/me/shop')).toBe('s3://b/*.csv');
});
