// Goal: the text of `plan --explain`. Method: a session as data is planned, the text compared as a whole.
import { expect, it } from 'vitest';
import { documentText } from '../../src/report/document-text.ts';
import { statementsTable } from '../../src/report/explain/statements.ts';
import { planSummary } from '../../src/report/explain/summary.ts';
import { explainPlans } from '../../src/report/explain.ts';
import { planOverview } from '../../src/report/plan-overview.ts';
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

it('explains what, why and how, on one screen', () => {
  expect(explainPlans([PLAN], { width: 80 })).toMatchInlineSnapshot(`
    "           2023-09-14
               00  02  04  06
    some_load  · · L L ~ L N o
    N new  L late  ~ recomputed  o owed  · untouched

    some_load  stateful  work
      overwrite facts.some, 2023-09-14 02h..06h
      facts.some is complete to 2023-09-14 05h, at snapshot 70; session
        20230914061501

    What changed
      raw.cancels as c: 2 new snapshots, 1 of them not counted; 20 rows in 2 files,
        2.0 kB
        snapshot           committed, UTC
        9         append   2023-09-14 06:15:00  +1,200 rows (2 files)
        10        replace  2023-09-14 06:15:00  +5 rows (1 file) -5 rows (2 files);
                                                not counted: files were rewritten,
                                                no row changed
        watermark    snapshot 8, 2023-09-14 05:00:00 UTC
        event hours  2023-09-14 02h..07h, known from the files' statistics
        partitions   ts_hour=hour 2 and 1 more
        complete to  2023-09-14 07h
        read         hours 2023-09-14 02h..06h as of snapshot 9
      raw.requests: first load: the source has no rows yet
        watermark    none: this is the first load
        complete to  2023-09-14 06h
        read         nothing is read

    Hours: 5 (1 new, 3 late, 1 recomputed)
      L  2023-09-14 02h..03h  raw.cancels: snapshot 9 (append)
      ~  2023-09-14 04h       no change of its own: recomputed with its neighbours
      L  2023-09-14 05h       owed since an earlier session, for raw.cancels
      N  2023-09-14 06h       raw.cancels: snapshot 9 (append)

    Held back
      2023-09-14 07h: held back by raw.requests, complete to 2023-09-14 06h

    Statements: 1 step; --steps prints them
      1  load  insert  writes the rows as data files"
  `);
});

it('prints every statement where that is asked for, and otherwise a line each', () => {
  const whole = explainPlans([PLAN], { steps: true, width: 80 });
  expect(whole).toContain(`  1. load  insert
    insert into t
    select $first_hour
    $first_hour  = "2023-09-14T02:00:00Z"
    $files       = ["a", "b", "c", and 2 more]
    $list        = <manifest list of the base>`);
  expect(explainPlans([PLAN], { width: 80 })).not.toContain('insert into t');
});

it('says of a process on Spark that it works there, also where nothing is to do', () => {
  const onSpark = (added: number[]) =>
    planOf({
      pattern: 'stateful',
      completeTo: 2,
      spec: { engine: 'spark' },
      sources: { c: { added, vtts: 4 } },
    });
  for (const added of [[3], []])
    expect(explainPlans([onSpark(added)], { width: 80 })).toContain('some_load  stateful on Spark  ');
  expect(explainPlans([PLAN], { width: 80 })).not.toContain('on Spark');
});

it('tells many hours as few lines, with a count of the rest', () => {
  const hours = Array.from({ length: 400 }, (_, index) => index * 2);
  const many = planOf({
    pattern: 'stateful',
    completeTo: 900,
    spec: { hours: 'touched' },
    sources: { c: { added: hours, vtts: 900 } },
  });
  expect(many.hours).toHaveLength(400);
  const text = explainPlans([many], { width: 80 });
  expect(text).toContain('Hours: 400 (400 late)');
  expect(text).toContain('L  2023-09-14 00h, 2023-09-14 02h and 398 more  raw.c: snapshot 9');
  expect(text.split('\n').length).toBeLessThan(40);
});

it('tells hours by their sources where each came with a snapshot of its own', () => {
  const plan = planOf({
    pattern: 'stateful',
    completeTo: 50,
    sources: { c: { added: [[0, 39]], vtts: 50 } },
  });
  const hours = plan.hours.map((hour, index) => ({
    ...hour,
    causes: hour.causes.map((cause) => ({ ...cause, snapshot_id: String(100 + index) })),
  }));
  const text = explainPlans([{ ...plan, hours }], { width: 80 });
  expect(text).toContain('L  2023-09-14 00h..2023-09-15 15h  raw.c: 40 snapshots');
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
  expect(documentText(planOverview([PLAN]))).toBe(`process    status  new rows   bytes  a run would
some_load  work          20  2.0 kB  overwrite facts.some, 2023-09-14 02h..06h
some_load owes 2023-09-14 07h: raw.requests is not complete for it`);
});

it('says in full what each statement does, however narrow the screen', () => {
  const text = documentText([statementsTable(PLAN)], { width: 36 });
  expect(text.replaceAll(/\s+/g, ' ')).toBe(' 1 load insert writes the rows as data files');
});
