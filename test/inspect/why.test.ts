// Goal: what is said of who made an hour, and of what holds one back, follows from what sessions noted. Method: sessions
// and plans as values.
import { describe, expect, it } from 'vitest';
import { missingHour } from '../../src/inspect/why/missing-hour.ts';
import { type KnownSession, makersOf } from '../../src/inspect/why/sessions-known.ts';
import { hourText } from '../../src/model/hour.ts';
import type { Plan, PlanSource } from '../../src/model/plan.ts';
import type { WhyRecord, WhyRow } from '../../src/model/why-record.ts';
import { whyText } from '../../src/report/why.ts';

const session = (id: number, hours: readonly number[] | undefined, replaces = true): KnownSession => ({
  processName: 'a_load',
  psybergSessionId: String(20230914000000 + id),
  publishedSnapshotId: String(id),
  publishedAt: '2023-09-14T06:00:00.000Z',
  hours: hours?.map((hour) => ({ firstHour: hour, lastHour: hour })),
  replaces,
  fingerprint: 'f',
  sources: [],
  audits: [],
});
const ids = (makers: readonly KnownSession[]) =>
  makers.map(({ publishedSnapshotId }) => Number(publishedSnapshotId));

describe('makers of a row', () => {
  const sessions = [session(1, [0, 1, 2]), session(2, [1]), session(3, [7])];
  it.each([
    ['the last session that replaced its hour', 1, 2, [2]],
    ['not the session that carried it over with its file', 0, 3, [1]],
    ['nobody where no session wrote the hour', 5, 3, []],
  ])('is %s', (_what, hour, owner, expected) => {
    expect(ids(makersOf(sessions, { hour, owner: sessions[owner - 1] }))).toEqual(expected);
  });

  const appended = [session(1, [0], false), session(2, [0, 1], false), session(3, [1], false)];
  it('is the session of its file where that appended to its hour', () => {
    expect(ids(makersOf(appended, { hour: 0, owner: appended[1] }))).toEqual([2]);
  });
  it('is one of several where files were put together', () => {
    expect(ids(makersOf(appended, { hour: 0, owner: undefined }))).toEqual([1, 2]);
  });
  it('is one of those since the hour was replaced', () => {
    const restated = [...appended, session(4, [0]), session(5, [0], false)];
    expect(ids(makersOf(restated, { hour: 0, owner: undefined }))).toEqual([4, 5]);
  });
  it('is the session of its file for a row without an hour, and any that noted no hours', () => {
    expect(ids(makersOf(appended, { hour: undefined, owner: appended[2] }))).toEqual([3]);
    expect(ids(makersOf([session(1, undefined, false)], { hour: 9, owner: undefined }))).toEqual([1]);
  });
});

const HOUR = 470_000;
const source = (table: string, vtts: number | null, more: Partial<PlanSource> = {}): PlanSource =>
  ({
    table,
    head: {},
    vtts_hour: vtts === null ? null : hourText(vtts),
    newest_hour: vtts === null ? null : hourText(vtts),
    window: null,
    ...more,
  }) as PlanSource;
const planOf = (more: Partial<Plan>): Plan =>
  ({
    process_name: 'a_load',
    pattern: 'stateful',
    status: 'nothing-new',
    sources: [source('raw.a', HOUR), source('raw.b', HOUR)],
    hours: [],
    owed_hours: [],
    target: { previous_session_id: '20230914000001' },
    ...more,
  }) as Plan;
const why = (more: Partial<Plan>, sessions: readonly KnownSession[] = [], thresholdHours?: number) =>
  missingHour({ plan: planOf(more), hour: HOUR, sessions, thresholdHours });

describe('an hour without rows', () => {
  it('names the source that is furthest behind', () => {
    const found = why({ sources: [source('raw.a', HOUR - 1), source('raw.b', HOUR - 3)] });
    expect(found.heldBackBy).toBe('raw.b');
    expect(found.because).toBe(`raw.b is complete to ${hourText(HOUR - 3)}`);
  });
  it('counts what a window needs after the hour', () => {
    const window = { before_hours: 0, after_hours: 2, key: null };
    const found = why({ sources: [source('raw.a', HOUR + 1, { window })], owed_hours: [hourText(HOUR)] });
    expect(found.heldBackBy).toBe('raw.a');
    expect(found.because).toContain('it is owed: raw.a is complete to');
    expect(found.because).toContain(`needs ${hourText(HOUR + 2)}`);
  });
  it.each([
    [
      'a source without rows',
      { sources: [source('raw.a', null, { head: null })] },
      'raw.a',
      'has no rows yet',
    ],
    [
      'a lookup that is not there',
      { sources: [source('raw.l', null, { head: null, lookup: true })] },
      'raw.l',
      'does not exist yet',
    ],
    ['the next session', { status: 'work', hours: [{ hour: hourText(HOUR) }] }, null, 'the next session'],
    [
      'the first session',
      { target: { previous_session_id: null } },
      null,
      'no session of a_load has published',
    ],
    [
      'sources that end before it, and say that they are complete',
      { sources: [source('raw.a', HOUR, { newest_hour: hourText(HOUR - 5) })] },
      null,
      'no rows of this hour yet',
    ],
    [
      'a stateless process',
      { pattern: 'stateless', sources: [source('raw.a', HOUR - 9)] },
      null,
      'no rows of this',
    ],
  ] as unknown as [string, Partial<Plan>, string | null, string][])(
    'says so of %s',
    (_what, plan, holder, words) => {
      const found = why(plan);
      expect(found.heldBackBy).toBe(holder);
      expect(found.because).toContain(words);
    },
  );
  it('says that it lies beyond the threshold', () => {
    const found = why({ owed_hours: [hourText(HOUR)] }, [], 12);
    expect(found.because).toContain('threshold_hours: 12');
    expect(found.hint).toContain('psyberg restate a_load');
  });
  it('says that it was computed, and came out empty', () => {
    expect(why({}, [session(1, [HOUR])]).because).toContain('returned no row');
  });
});

const ROW: WhyRow = {
  row: { id: 7n, name: 'a\u001bb' },
  hour: '2023-09-14T05:00:00Z',
  file: `/warehouse/${'x'.repeat(200)}.parquet`,
  process_name: 'a_load',
  psyberg_session_id: '20230914060000',
  published_snapshot_id: '17',
  published_at: '2023-09-14T06:00:00.000Z',
  sessions: ['20230914060000', '20230914050000'],
  sources: [
    {
      table: 'raw.a',
      snapshot_id: '3',
      first_hour: '2023-09-14T05:00:00Z',
      last_hour: '2023-09-14T05:00:00Z',
      files: ['/a', '/b', '/c', '/d'],
      files_unknown: null,
    },
  ],
  audits: [{ name: 'not_null', severity: 'warn' }],
  sql_fingerprint: 'abcdef0123456789',
  sql: 'select 1\nfrom a',
};
const RECORD: WhyRecord = {
  table: 'facts.a',
  rows: [ROW, { ...ROW, row: { id: 8n } }],
  has_more: true,
  notes: [],
};

it('prints rows of one answer together, within the width, and nothing that moves a cursor', () => {
  const text = whyText(RECORD, { width: 60 });
  expect(text.split('\n').every((line) => line.length <= 60)).toBe(true);
  expect(text).not.toContain('\u001b');
  expect(text.match(/made by/g)).toHaveLength(1);
  expect(text).toContain('and 1 more file; --json names all');
  expect(text).toContain('not_null (warns)');
  expect(text).toContain('or by     20230914050000');
});
