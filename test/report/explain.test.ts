// Goal: the text of `plan --explain`. Method: a plan as data, its text compared as a whole.
import { expect, it } from 'vitest';
import type { CompiledPlan, PlanHour } from '../../src/model/plan.ts';
import { explainPlan, planSummary } from '../../src/report/explain.ts';
import { planTable } from '../../src/report/plan-table.ts';

const hour = (of: number): string => `2023-09-14T${String(of).padStart(2, '0')}:00:00Z`;
const changed = (of: number, ...snapshots: string[]): PlanHour => ({
  hour: hour(of),
  reason: 'changed',
  causes: snapshots.map((snapshot) => ({
    source: 'raw.cancels',
    snapshot_id: snapshot,
    operation: 'append',
    file: `/w/${snapshot}.parquet`,
    change: 'added' as const,
  })),
  cause_count: snapshots.length,
  owed_by: [],
});

const PLAN: CompiledPlan = {
  plan_version: 1,
  process_name: 'cancel_load',
  psyberg_session_id: '20230914061501',
  pattern: 'stateful',
  etl_pattern_id: 2,
  status: 'work',
  sources: [
    {
      table: 'raw.cancels',
      alias: 'c',
      event_time: 'cancel_ts',
      event_time_type: 'timestamptz',
      event_time_unit: 'us',
      window: null,
      start: null,
      protect: true,
      protected_snapshot_id: null,
      watermark: {
        table_uuid: 'u',
        snapshot_id: '10',
        sequence_number: '7',
        committed_at: '2023-09-14T05:10:02.123Z',
      },
      head: {
        table_uuid: 'u',
        snapshot_id: '12',
        sequence_number: '9',
        committed_at: '2023-09-14T06:11:02.000Z',
      },
      detected_by: 'snapshots',
      changes: [
        {
          snapshot_id: '11',
          operation: 'append',
          committed_at: '2023-09-14T06:10:11.000Z',
          counted: true,
          reason: null,
          added_files: 2,
          removed_files: 0,
          added_rows: '1200',
          removed_rows: '0',
        },
        {
          snapshot_id: '12',
          operation: 'replace',
          committed_at: '2023-09-14T06:11:02.000Z',
          counted: false,
          reason: 'files were rewritten, no row changed',
          added_files: 1,
          removed_files: 2,
          added_rows: '5',
          removed_rows: '5',
        },
      ],
      processing_uris: [{ landing_hour: 6 }],
      processing_uri_causes: [],
      first_hour: hour(2),
      last_hour: hour(7),
      vtts_hour: hour(7),
      newest_hour: hour(7),
      bounds_from: 'manifest',
      rows: '1200',
      files: 2,
      bytes: '14000',
      null_event_times: '0',
      future_rows: '0',
      future_hours: [],
      read: { kind: 'snapshot', snapshot_id: '12' },
      total_records: '9000',
      owed_hours: [hour(7)],
    },
    {
      table: 'raw.requests',
      alias: 'requests',
      event_time: 'request_ts',
      event_time_type: 'timestamptz',
      event_time_unit: 'us',
      window: null,
      start: null,
      protect: true,
      protected_snapshot_id: null,
      watermark: null,
      head: null,
      detected_by: 'first-load',
      changes: [],
      processing_uris: [],
      processing_uri_causes: [],
      first_hour: null,
      last_hour: null,
      vtts_hour: hour(6),
      newest_hour: null,
      bounds_from: null,
      rows: '0',
      files: 0,
      bytes: '0',
      null_event_times: '0',
      future_rows: '0',
      future_hours: [],
      read: { kind: 'nothing' },
      total_records: null,
      owed_hours: [],
    },
  ],
  range: { first_hour: hour(2), last_hour: hour(6) },
  hours: [
    changed(2, '11'),
    changed(3, '11'),
    { hour: hour(4), reason: 'contiguous', causes: [], cause_count: 0, owed_by: [] },
    { hour: hour(5), reason: 'owed', causes: [], cause_count: 0, owed_by: ['raw.cancels'] },
    changed(6, '11'),
  ],
  owed_hours: [hour(7)],
  held_back_by: 'raw.requests',
  target: {
    table: 'facts.cancel',
    operation: 'overwrite',
    table_uuid: 't',
    base_snapshot_id: '90',
    exists: true,
    previous_session_id: '20230914051501',
    complete_to_hour: hour(5),
    layout: null,
    format_version: 2,
    event_time: { field_id: 1, type: 'timestamptz', unit: 'us' },
  },
  process_sha256: 'abc',
  steps: [
    {
      kind: 'insert',
      stage: 'load',
      name: 'insert',
      sql: 'insert into t\nselect $first_hour',
      parameters: {
        first_hour: hour(2),
        files: ['a', 'b', 'c', 'd', 'e'],
        list: { from_run: 'base-list' },
      },
    },
  ],
};

it('explains what, why and how, hours as ranges', () => {
  expect(explainPlan(PLAN)).toBe(`cancel_load  stateful  work
  overwrite facts.cancel, 2023-09-14 02h..06h
  session 20230914061501

Sources
  raw.cancels as c, event time cancel_ts
    watermark  snapshot 10, sequence number 7, 2023-09-14 05:10:02 UTC
    head       snapshot 12, sequence number 9, 2023-09-14 06:11:02 UTC
    found by   2 new snapshots, 1 of them not counted
      append   snapshot 11  2023-09-14 06:10:11 UTC  +1,200 rows (2 files)
      replace  snapshot 12  2023-09-14 06:11:02 UTC  +5 rows (1 file) -5 rows (2 files)  not counted: files were rewritten, no row changed
    new          2 files, 1,200 rows, 14 kB
    event hours  2023-09-14 02h..07h (known from the files' statistics)
    partitions   landing_hour=6
    complete to  2023-09-14 07h
    read         the table pinned at snapshot 12, hours 2023-09-14 02h..06h
  raw.requests, event time request_ts
    watermark  none: this is the first load
    head       none: the source has no rows yet
    found by   first load
    complete to  2023-09-14 06h
    read         nothing

Hours: 5 hours
  2023-09-14 02h..03h  raw.cancels: snapshot 11 (append)
  2023-09-14 04h       no change of its own: recomputed with its neighbours
  2023-09-14 05h       owed since an earlier session, for raw.cancels
  2023-09-14 06h       raw.cancels: snapshot 11 (append)

Owed
  2023-09-14 07h: held back by raw.requests, complete to 2023-09-14 06h

Target
  facts.cancel  overwrite
  base          snapshot 90
  last session  20230914051501
  complete to   2023-09-14 05h

Steps: 1
  1. load  insert
      insert into t
      select $first_hour
      $first_hour  = "2023-09-14T02:00:00Z"
      $files       = ["a", "b", "c", and 2 more]
      $list        = <manifest list of the base>`);
});

it('sums a plan up in one line, whatever its status', () => {
  expect([
    planSummary(PLAN),
    planSummary({ ...PLAN, status: 'nothing-new', owed_hours: [] }),
    planSummary({ ...PLAN, status: 'waiting', hours: [] }),
    planSummary({ ...PLAN, status: 'waiting', owed_hours: [], held_back_by: null }),
  ]).toEqual([
    'overwrite facts.cancel, 2023-09-14 02h..06h',
    'nothing new',
    'waits: 2023-09-14 07h is not complete yet in raw.requests',
    'waits for a source that does not exist yet',
  ]);
});

it('lists a plan a line, and what it owes below', () => {
  expect(planTable([PLAN])).toBe(`process      status  new rows  bytes  a run would
cancel_load  work       1,200  14 kB  overwrite facts.cancel, 2023-09-14 02h..06h
cancel_load owes 2023-09-14 07h: raw.requests is not complete for it`);
});
