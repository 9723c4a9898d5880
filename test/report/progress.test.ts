// Goal: a line says how far work is, and how long it will take, as far as that is known. Method: values in, text
// out.
import { expect, it } from 'vitest';
import type { PartsProgress } from '../../src/model/progress.ts';
import { progressText } from '../../src/report/progress.ts';

const HOURS: PartsProgress = {
  kind: 'parts',
  subject: 'activity_load',
  action: 'load',
  done: 432,
  total: 2160,
  unit: 'hour',
  rows: 86_400n,
};
const textOf = (work: Partial<Parameters<typeof progressText>[0]>): string =>
  progressText({ step: undefined, parts: undefined, percent: undefined, elapsedMs: 0, ...work });

it('says parts, rows, percent and the time left', () => {
  expect(textOf({ parts: HOURS, elapsedMs: 30_000 })).toBe(
    'activity_load: load, 432 of 2,160 hours, 86,400 rows, 20 %, about 2 min left',
  );
  // The part that runs counts as far as it is done.
  expect(textOf({ parts: { ...HOURS, done: 0, total: 2, rows: 0n }, percent: 50, elapsedMs: 10_000 })).toBe(
    'activity_load: load, 0 of 2 hours, 25 %, about 30 s left',
  );
});

it('guesses no time while little is done, and none when all is', () => {
  expect(textOf({ parts: { ...HOURS, done: 0 }, elapsedMs: 60_000 })).toBe(
    'activity_load: load, 0 of 2,160 hours, 86,400 rows, 0 %',
  );
  expect(textOf({ step: 'a_load: load insert', percent: 40, elapsedMs: 500 })).toBe(
    'a_load: load insert, 40 %',
  );
  expect(textOf({ step: 'a_load: load insert', percent: 100, elapsedMs: 90_000 })).toBe(
    'a_load: load insert, 100 %',
  );
});

it('says of a step without parts how much of its statement is done', () => {
  expect(textOf({ step: 'a_load: load insert', percent: 5, elapsedMs: 600_000 })).toBe(
    'a_load: load insert, 5 %, about 3 h 10 min left',
  );
  expect(textOf({ step: 'a_load: publish' })).toBe('a_load: publish');
  expect(textOf({})).toBe('');
});

it('knows the plural of what it counts', () => {
  const count = (unit: string, total: number): string =>
    textOf({ parts: { ...HOURS, unit, total, done: 0, rows: 0n } });
  expect([count('group of files', 12), count('process', 3), count('test', 1)]).toEqual([
    'activity_load: load, 0 of 12 groups of files, 0 %',
    'activity_load: load, 0 of 3 processes, 0 %',
    'activity_load: load, 0 of 1 test, 0 %',
  ]);
});
