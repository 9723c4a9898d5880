// Goal: every hour and every partition of a plan says what made it necessary, in a size that does not
// explode. Method: sessions as data -> plans.
import { describe, expect, it } from 'vitest';
import type { ChangedFile } from '../../src/model/session.ts';
import { planSession } from '../../src/plan/index.ts';
import { hour, sessionOf } from '../support/session-data.ts';

const file = (
  name: string,
  hours: readonly [number, number],
  more: Partial<ChangedFile> = {},
): ChangedFile => ({
  path: `/w/${name}.parquet`,
  snapshotId: 9n,
  status: 'added',
  rows: 1n,
  bytes: 1n,
  partition: { side: name.slice(0, 1) },
  firstHour: hour(hours[0]),
  lastHour: hour(hours[1]),
  boundsFrom: 'manifest',
  nullEventTimes: 0n,
  ...more,
});
const many = Array.from({ length: 50 }, (_, index) => file(`a${index}`, [1, 2]));

describe('causes', () => {
  it('name source, snapshot, operation, file and what became of it; an owed hour names who owes it', () => {
    const files = [file('a', [2, 3]), file('b', [3, 3], { status: 'removed', snapshotId: 10n })];
    const plan = planSession(
      sessionOf({
        pattern: 'stateful',
        sources: { s: { vtts: 6, owed: [1], state: { files } }, t: { vtts: 6, owed: [1, 5] } },
      }),
    );
    expect(plan.hours.map((each) => [each.reason, each.cause_count, each.owed_by])).toEqual([
      ['owed', 0, ['raw.s', 'raw.t']],
      ['changed', 1, []],
      ['changed', 2, []],
      ['contiguous', 0, []],
      ['owed', 0, ['raw.t']],
    ]);
    expect(plan.hours[2]?.causes[1]).toEqual({
      source: 'raw.s',
      snapshot_id: '10',
      operation: null,
      file: '/w/b.parquet',
      change: 'removed',
    });
  });

  it('are at most 20 an hour and partition with their number beside them, and all of them when asked for', () => {
    const session = sessionOf({
      pattern: 'stateless',
      sources: { s: { vtts: 6, state: { files: [...many, file('b', [1, 1])], changes: [] } } },
    });
    const plan = planSession(session);
    expect(plan.hours.map((each) => [each.causes.length, each.cause_count])).toEqual([
      [20, 51],
      [20, 50],
    ]);
    expect(
      plan.sources[0]?.processing_uri_causes.map((each) => [each.uri, each.causes.length, each.cause_count]),
    ).toEqual([
      [{ side: 'a' }, 20, 50],
      [{ side: 'b' }, 1, 1],
    ]);
    const whole = planSession(session, { allCauses: true });
    expect(whole.hours.map((each) => each.causes.length)).toEqual([51, 50]);
    expect(whole.sources[0]?.processing_uri_causes[0]?.causes).toHaveLength(50);
  });

  it('of a year stay within bounds: fewer for each of many hours, and none without any', () => {
    const files = Array.from({ length: 40 }, (_, index) => file(`a${index}`, [0, 24 * 365 - 1]));
    const plan = planSession(
      sessionOf({ pattern: 'stateful', sources: { s: { vtts: 24 * 365, state: { files } } } }),
    );
    expect(plan.hours).toHaveLength(24 * 365);
    expect(plan.hours.every((each) => each.causes.length === 1 && each.cause_count === 40)).toBe(true);
  });

  it('of rows that were compared are given for the hours that differ, and of the future for hours whose time has come', () => {
    const files = [
      file('a', [1, 4], { differingHours: [hour(2)] }),
      file('b', [1, 1], { futureHours: [hour(3)] }),
    ];
    const plan = planSession(
      sessionOf({ pattern: 'stateless', sources: { s: { vtts: 6, state: { files } } } }),
    );
    expect(
      plan.hours.map((each) => [each.hour.slice(11, 13), each.causes.map((cause) => cause.file)]),
    ).toEqual([
      ['01', ['/w/b.parquet']],
      ['02', ['/w/a.parquet']],
      ['03', ['/w/b.parquet']],
    ]);
  });
});
