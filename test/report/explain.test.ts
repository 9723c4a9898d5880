// Goal: the text of `plan --explain`. Method: a session as data is planned, the text compared as a whole.
import { expect, it } from 'vitest';
import { explainPlan, planSummary } from '../../src/report/explain.ts';
import { planTable } from '../../src/report/plan-table.ts';
import { planOf } from '../support/session-data.ts';
import { hourAt, msAt } from '../support/world.ts';

const change = {
  operation: 'append',
  committedAtMs: msAt(6.25),
  counted: true,
  addedFiles: 2,
  removedFiles: 0,
  addedRows: 1200n,
  removedRows: 0n,
};
const PLAN = planOf(
  {
    pattern: 'stateful',
    completeTo: 5,
    target: { previousSessionId: '20230914051501' },
    sources: {
      c: {
        table: 'cancels',
        added: [
          [2, 3],
          [6, 7],
        ],
        owed: [5],
        vtts: 7,
        state: {
          changes: [
            { ...change, snapshotId: 9n },
            {
              ...change,
              snapshotId: 10n,
              operation: 'replace',
              counted: false,
              reason: 'files were rewritten, no row changed',
              addedFiles: 1,
              removedFiles: 2,
              addedRows: 5n,
              removedRows: 5n,
            },
          ],
        },
      },
      requests: { awaited: true, loaded: false, vtts: 6 },
    },
  },
  [
    {
      kind: 'insert',
      stage: 'load',
      name: 'insert',
      sql: 'insert into t\nselect $first_hour',
      parameters: {
        first_hour: hourAt(2),
        files: ['a', 'b', 'c', 'd', 'e'],
        list: { from_run: 'base-list' },
      },
    },
  ],
);

it('explains what, why and how, hours as ranges', () => {
  expect(explainPlan(PLAN)).toBe(`some_load  stateful  work
  overwrite facts.some, 2023-09-14 02h..06h
  session 20230914061501

Sources
  raw.cancels as c, event time ts
    watermark  snapshot 8, sequence number 8, 2023-09-14 05:00:00 UTC
    head       snapshot 9, sequence number 9, 2023-09-14 05:00:00 UTC
    found by   2 new snapshots, 1 of them not counted
      append   snapshot 9   2023-09-14 06:15:00 UTC  +1,200 rows (2 files)
      replace  snapshot 10  2023-09-14 06:15:00 UTC  +5 rows (1 file) -5 rows (2 files)  not counted: files were rewritten, no row changed
    new          2 files, 20 rows, 2.0 kB
    event hours  2023-09-14 02h..07h (known from the files' statistics)
    partitions   ts_hour=hour 2, ts_hour=hour 6
    complete to  2023-09-14 07h
    read         the table pinned at snapshot 9, hours 2023-09-14 02h..06h
  raw.requests, event time ts
    watermark  none: this is the first load
    head       none: the source has no rows yet
    found by   first load
    complete to  2023-09-14 06h
    read         nothing

Hours: 5 hours
  2023-09-14 02h..03h  raw.cancels: snapshot 9 (append)
  2023-09-14 04h       no change of its own: recomputed with its neighbours
  2023-09-14 05h       owed since an earlier session, for raw.cancels
  2023-09-14 06h       raw.cancels: snapshot 9 (append)

Owed
  2023-09-14 07h: held back by raw.requests, complete to 2023-09-14 06h

Target
  facts.some    overwrite
  base          snapshot 70
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
    'overwrite facts.some, 2023-09-14 02h..06h',
    'nothing new',
    'waits: 2023-09-14 07h is not complete yet in raw.requests',
    'waits for a source that does not exist yet',
  ]);
});

it('lists a plan a line, and what it owes below', () => {
  expect(planTable([PLAN])).toBe(`process    status  new rows   bytes  a run would
some_load  work          20  2.0 kB  overwrite facts.some, 2023-09-14 02h..06h
some_load owes 2023-09-14 07h: raw.requests is not complete for it`);
});
