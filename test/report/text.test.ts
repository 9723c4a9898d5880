// Goal: numbers, hours and errors read as a person expects. Method: values in, text out.
import { describe, expect, it } from 'vitest';
import type { RunRecord } from '../../src/model/run-record.ts';
import { errorText, runText } from '../../src/report/run-report.ts';
import { type SourceStatus, statusText } from '../../src/report/status.ts';
import { PLAIN } from '../../src/report/style.ts';
import {
  bytesText,
  columnsText,
  countText,
  hourRanges,
  hoursLabel,
  plural,
  rangeLabel,
  secondsText,
  unitLabel,
  unitsLabel,
  unitsText,
} from '../../src/report/text.ts';

const hour = (day: number, of: number): string =>
  `2023-09-${String(day).padStart(2, '0')}T${String(of).padStart(2, '0')}:00:00Z`;

it('says of a folder without a file that none matches, and of one that was emptied nothing', () => {
  const behindOf = (watermark: SourceStatus['watermark']): string =>
    statusText(
      [
        {
          process_name: 'load',
          pattern: 'stateless',
          target: 'raw.t',
          target_exists: false,
          complete_to_hour: null,
          sources: [
            {
              table: 'in/*.csv',
              exists: false,
              watermark,
              head: null,
              snapshots_behind: null,
              files_behind: 0,
              owed_hours: [],
            },
          ],
          branches: [],
          last_session: null,
        },
      ],
      { width: 100, style: PLAIN },
    );
  expect(behindOf(null)).toContain('no file matches');
  expect(behindOf({ snapshot_id: '1', committed_at: hour(14, 5) })).toContain('up to date');
});

describe('text', () => {
  it('groups digits of 64-bit numbers without losing one', () => {
    expect([
      countText('9223372036854775807'),
      countText(999),
      countText(1000n),
      plural('1', 'row'),
      plural(0, 'row'),
    ]).toEqual(['9,223,372,036,854,775,807', '999', '1,000', '1 row', '0 rows']);
  });

  it('gives sizes and durations three digits at most', () => {
    expect([0, 999, 1000, 1_450_000, 999_600_000].map(bytesText)).toEqual([
      '0 B',
      '999 B',
      '1.0 kB',
      '1.4 MB',
      '1.0 GB',
    ]);
    expect([0.304, 9.999, 59.94, 125].map(secondsText)).toEqual([
      '0.30 s',
      '10.00 s',
      '59.9 s',
      '2 min 05 s',
    ]);
  });

  it('names the day of a range once', () => {
    expect([
      rangeLabel(hour(14, 5), hour(14, 5)),
      rangeLabel(hour(14, 5), hour(14, 7)),
      rangeLabel(hour(13, 22), hour(14, 1)),
    ]).toEqual(['2023-09-14 05h', '2023-09-14 05h..07h', '2023-09-13 22h..2023-09-14 01h']);
  });

  it('joins neighbouring hours, over midnight and in any order', () => {
    expect(hourRanges([hour(14, 1), hour(13, 23), hour(14, 0), hour(14, 0), hour(14, 3)])).toEqual([
      { firstHour: hour(13, 23), lastHour: hour(14, 1), count: 3 },
      { firstHour: hour(14, 3), lastHour: hour(14, 3), count: 1 },
    ]);
    expect(hoursLabel([hour(14, 2), hour(14, 3), hour(14, 6)])).toBe('2023-09-14 02h..03h, 2023-09-14 06h');
    expect(
      hoursLabel(
        [1, 3, 5, 7, 9, 11].map((of) => hour(14, of)),
        2,
      ),
    ).toBe('2023-09-14 01h, 2023-09-14 03h and 4 more ranges');
  });

  it('aligns columns by what is seen, colours apart', () => {
    expect(
      columnsText(
        [
          ['\u001b[1ma\u001b[22m', '1'],
          ['bbb', '22'],
        ],
        { alignRight: [1] },
      ),
    ).toBe('\u001b[1ma\u001b[22m     1\nbbb  22');
  });
});

const RECORD: RunRecord = {
  process_name: 'cancel_load',
  psyberg_session_id: '20230914061501',
  status: 'published',
  target: 'facts.cancel',
  operation: 'overwrite',
  published_snapshot_id: '5',
  branch: 'b',
  rows_read: '1200',
  rows_written: '1100',
  range: { first_hour: hour(14, 5), last_hour: hour(14, 7) },
  owed_hours: [],
  held_back_by: null,
  skipped_null_event_times: '0',
  audits: [
    {
      name: 'unique',
      severity: 'block',
      status: 'passed',
      expected: '0',
      actual: '0',
      sample: [],
      kept: null,
    },
  ],
  seconds: { init: 0.1, load: 0.1, audit: 0.05, publish: 0.05, total: 0.3 },
  error: null,
};

describe('a run record', () => {
  it('is one line when all is well', () => {
    expect(runText(RECORD)).toBe(
      'cancel_load  published     overwrite facts.cancel, 2023-09-14 05h..07h, 1,200 rows read, 1,100 written, 1 audit passed, 0.30 s',
    );
  });

  it('names what a failed audit expected and found, some of the rows, and where all of them are', () => {
    const sample = Array.from({ length: 10 }, (_, index) => ({ event_id: String(index + 1) }));
    const kept = { table: 'psyberg.psyberg_audit_failure', rows: '22', query: 'select failing_row from …' };
    const linesOf = (audit: Partial<RunRecord['audits'][number]>): string[] =>
      runText({
        ...RECORD,
        status: 'audit-failed',
        audits: [
          {
            name: 'unique',
            severity: 'block',
            status: 'failed',
            expected: '0',
            actual: '22',
            sample,
            kept,
            ...audit,
          },
        ],
        error: {
          code: 'audit-failed',
          kind: 'audit',
          message: 'nothing was published',
          hint: 'look at the rows',
          context: {},
          retryable: false,
        },
      })
        .split('\n')
        .slice(1);
    expect(linesOf({})).toEqual([
      '    audit failed: unique: expected 0, found 22',
      '      {"event_id":"1"}',
      '      {"event_id":"2"}',
      '      {"event_id":"3"}',
      '      these are 3 of 22; all of them: psyberg sql "select failing_row from …"',
      '    error: nothing was published',
      '    hint: look at the rows',
    ]);
    const place = 4;
    expect(linesOf({ actual: '2000', kept: { ...kept, rows: '1000' } })[place]).toBe(
      '      these are 3 of 2,000; 1,000 of them: psyberg sql "select failing_row from …"',
    );
    expect(linesOf({ kept: null })[place]).toBe('      these are 3 of 22; 10 of them are in --json');
    // All that there are were shown; of two counts there is no row to show.
    expect(linesOf({ actual: '3', sample: sample.slice(0, 3) })[place]).toBe(
      '    error: nothing was published',
    );
    expect(linesOf({ expected: '10', sample: [] })[1]).toBe('    error: nothing was published');
  });

  it('speaks of days where a process counts them', () => {
    const of = { grain: 'day' } as const;
    expect(unitLabel(of, hour(14, 23))).toBe('2023-09-14');
    expect(rangeLabel(hour(14, 0), hour(14, 23), of)).toBe('2023-09-14');
    expect(rangeLabel(hour(14, 0), hour(15, 23), of)).toBe('2023-09-14..2023-09-15');
    expect(
      unitsLabel(
        of,
        [14, 15, 17].map((day) => hour(day, 0)),
      ),
    ).toBe('2023-09-14..2023-09-15, 2023-09-17');
    expect(hourRanges([hour(14, 0), hour(15, 0)], of)[0]).toMatchObject({ count: 2 });
    expect([unitsText(of, 1), unitsText(of, 2), unitsText({}, 2)]).toEqual(['1 day', '2 days', '2 hours']);
    const range = { first_hour: hour(13, 0), last_hour: hour(13, 23) };
    const text = runText({ ...RECORD, ...of, range, owed_hours: [hour(14, 0)] });
    expect(text).toContain(', 2023-09-13, ');
    expect(text).toMatch(/\n {4}owed: 2023-09-14$/);
  });

  it('says which hours are owed and to whom', () => {
    expect(runText({ ...RECORD, owed_hours: [hour(14, 8)], held_back_by: 'raw.requests' })).toMatch(
      /\n {4}owed: 2023-09-14 08h, until raw.requests is complete for it$/,
    );
  });

  it('tells the warnings of a session that ended well, and those of the last one of several', () => {
    const warnings = [
      {
        code: 'join-without-window' as const,
        message: 'nothing ties the hours',
        hint: 'add window: { before: 1d }',
      },
    ];
    const told = '\n    warning: nothing ties the hours\n    add window: { before: 1d }';
    expect(runText({ ...RECORD, warnings })).toContain(told);
    expect(runText({ ...RECORD, warnings }, { goesOn: true })).not.toContain('warning');
    expect(runText({ ...RECORD, status: 'refused', warnings })).not.toContain('warning');
  });

  it('prints an error without hint as one line', () =>
    expect(errorText({ message: 'no', hint: null })).toBe('error: no'));
});
