// Goal: each rule of planning, as data. Method: sessions -> plans; the planner has no I/O and no clock.
import { describe, expect, it } from 'vitest';
import { planSession } from '../../src/plan/index.ts';
import { hour, type SessionData, sessionOf } from '../support/session-data.ts';
import { hourAt, hourNumbers } from '../support/world.ts';

interface Case {
  readonly name: string;
  readonly session: SessionData;
  readonly status: 'work' | 'nothing-new' | 'waiting';
  readonly hours: readonly number[];
  readonly owed?: readonly number[];
  readonly heldBackBy?: string;
}

const CASES: readonly Case[] = [
  // Psyberg post 3, the walkthrough: everything is loaded up to hour 5, the run happens at hour 6.
  {
    name: 'walkthrough: sign-ups late for 2 and 3, new for 6: appends to 2, 3, 6',
    session: { pattern: 'stateless', sources: { s: { added: [2, 3, 6], vtts: 6 } } },
    status: 'work',
    hours: [2, 3, 6],
  },
  {
    name: 'walkthrough: cancels late for 5, new for 6 and 7: overwrites 5..7',
    session: { pattern: 'stateful', sources: { s: { added: [5, 6, 7], vtts: 7 } } },
    status: 'work',
    hours: [5, 6, 7],
  },
  {
    name: 'walkthrough: sign-ups 2..6, plans 2..6, cancels 5..7: the dimension recomputes 2..6 and owes 7',
    session: {
      pattern: 'dimension',
      completeTo: 5,
      sources: {
        s: { added: [2, 3, 6], vtts: 6 },
        p: { added: [2, 3, 6], vtts: 6 },
        c: { added: [5, 6, 7], vtts: 7 },
      },
    },
    status: 'work',
    hours: [2, 3, 4, 5, 6],
    owed: [7],
    heldBackBy: 'raw.s',
  },
  // Stateful.
  {
    name: 'stateful: a source that lost its newest rows: hours that were loaded are kept right, others wait',
    session: {
      pattern: 'stateful',
      completeTo: 5,
      sources: { s: { removed: [5], added: [6], vtts: 2 }, o: { vtts: 9 } },
    },
    status: 'work',
    hours: [5],
    owed: [6],
    heldBackBy: 'raw.s',
  },
  {
    name: 'dimension: a source that lost its newest rows: what was computed is computed anew',
    session: { pattern: 'dimension', completeTo: 5, sources: { s: { removed: [4], vtts: 2 } } },
    status: 'work',
    hours: [4, 5],
  },
  {
    name: 'stateful: hours that were owed and are empty now are no debt, unless they were loaded',
    session: {
      pattern: 'stateful',
      completeTo: 1,
      sources: { s: { owed: [1, 9, 12], vtts: 0, state: { laterHours: [hour(12)] } } },
    },
    status: 'work',
    hours: [1],
    owed: [12],
    heldBackBy: 'raw.s',
  },
  {
    name: 'stateful: the range is contiguous between changed hours',
    session: { pattern: 'stateful', sources: { s: { added: [1, 4], vtts: 6 } } },
    status: 'work',
    hours: [1, 2, 3, 4],
  },
  {
    name: 'stateful: a target of dates is recomputed by whole days, as far as they are complete',
    session: {
      pattern: 'stateful',
      sources: { s: { added: [5, 27], vtts: 30 } },
      target: { eventTime: { fieldId: 1, type: 'date', unit: 'day' } },
    },
    status: 'work',
    hours: Array.from({ length: 31 }, (_, hour) => hour),
  },
  {
    name: 'stateful: with hours: touched it is not',
    session: { pattern: 'stateful', spec: { hours: 'touched' }, sources: { s: { added: [1, 4], vtts: 6 } } },
    status: 'work',
    hours: [1, 4],
  },
  {
    name: 'stateful: removed rows change their hours too',
    session: { pattern: 'stateful', sources: { s: { added: [3], removed: [2], vtts: 6 } } },
    status: 'work',
    hours: [2, 3],
  },
  {
    name: 'stateful: a file touches every hour between its bounds',
    session: {
      pattern: 'stateful',
      spec: { hours: 'touched' },
      sources: { s: { added: [[2, 4]], vtts: 6 } },
    },
    status: 'work',
    hours: [2, 3, 4],
  },
  {
    name: 'stateful: hours above the least complete one are owed',
    session: { pattern: 'stateful', sources: { s: { added: [4, 5, 6], vtts: 6 }, o: { vtts: 4 } } },
    status: 'work',
    hours: [4],
    owed: [5, 6],
    heldBackBy: 'raw.o',
  },
  {
    name: 'stateful: all changed hours above it: waiting',
    session: { pattern: 'stateful', sources: { s: { added: [5, 6], vtts: 6 }, o: { vtts: 4 } } },
    status: 'waiting',
    hours: [],
    owed: [5, 6],
    heldBackBy: 'raw.o',
  },
  {
    name: 'stateful: owed hours are paid with the changed ones',
    session: { pattern: 'stateful', sources: { s: { owed: [5], vtts: 6 }, o: { added: [6], vtts: 6 } } },
    status: 'work',
    hours: [5, 6],
  },
  {
    name: 'stateful: owed hours alone are work once they are complete',
    session: { pattern: 'stateful', sources: { s: { owed: [5], vtts: 6 }, o: { vtts: 5 } } },
    status: 'work',
    hours: [5],
  },
  {
    name: 'stateful: owed hours that are still incomplete wait',
    session: { pattern: 'stateful', sources: { s: { owed: [5], vtts: 6 }, o: { vtts: 4 } } },
    status: 'waiting',
    hours: [],
    owed: [5],
    heldBackBy: 'raw.o',
  },
  {
    name: 'stateful: a source that is complete for no hour holds all back',
    session: { pattern: 'stateful', sources: { s: { added: [1], vtts: 1 }, o: { loaded: false } } },
    status: 'waiting',
    hours: [],
    owed: [1],
    heldBackBy: 'raw.o',
  },
  {
    name: 'stateful: a source that does not exist yet: waiting',
    session: { pattern: 'stateful', sources: { s: { awaited: true, loaded: false } } },
    status: 'waiting',
    hours: [],
  },
  {
    name: 'stateful: nothing changed, nothing owed',
    session: { pattern: 'stateful', sources: { s: { vtts: 6 } } },
    status: 'nothing-new',
    hours: [],
  },
  {
    name: 'stateful: an hour of the future is owed, and drags nothing along',
    session: { pattern: 'stateful', sources: { s: { added: [5, 6], future: [900_000], vtts: 6 } } },
    status: 'work',
    hours: [5, 6],
    owed: [900_000],
    heldBackBy: 'raw.s',
  },
  {
    name: 'stateful: rows 400 days late are one hour of work',
    session: { pattern: 'stateful', spec: { hours: 'touched' }, sources: { s: { added: [-9600], vtts: 6 } } },
    status: 'work',
    hours: [-9600],
  },
  // Stateless.
  {
    name: 'stateless: the future is loaded like any other hour',
    session: { pattern: 'stateless', sources: { s: { added: [5], future: [900], vtts: 5 } } },
    status: 'work',
    hours: [5, 900],
  },
  {
    name: 'stateless: nothing added, nothing new',
    session: { pattern: 'stateless', sources: { s: { vtts: 6 } } },
    status: 'nothing-new',
    hours: [],
  },
  // Dimension.
  {
    name: 'dimension: a late hour is recomputed to the end',
    session: { pattern: 'dimension', completeTo: 6, sources: { s: { added: [2], vtts: 6 } } },
    status: 'work',
    hours: [2, 3, 4, 5, 6],
  },
  {
    name: 'dimension: completeness that moved on without rows yields hours',
    session: { pattern: 'dimension', completeTo: 4, sources: { s: { vtts: 6 } } },
    status: 'work',
    hours: [5, 6],
  },
  {
    name: 'dimension: the first load takes all there is, whatever the threshold',
    session: {
      pattern: 'dimension',
      spec: { catchup: { thresholdHours: 2 } },
      sources: { s: { added: [[0, 6]], vtts: 6, loaded: false } },
    },
    status: 'work',
    hours: [0, 1, 2, 3, 4, 5, 6],
  },
  {
    name: 'dimension: a catch-up reaches back as far as the threshold allows, the rest is owed',
    session: {
      pattern: 'dimension',
      completeTo: 6,
      spec: { catchup: { thresholdHours: 2 } },
      sources: { s: { added: [1], vtts: 6 } },
    },
    status: 'work',
    hours: [5, 6],
    owed: [1],
  },
  {
    name: 'dimension: after a pause longer than the threshold no hour is left out',
    session: {
      pattern: 'dimension',
      completeTo: 1,
      spec: { catchup: { thresholdHours: 2 } },
      sources: { s: { added: [[2, 6]], vtts: 6 } },
    },
    status: 'work',
    hours: [2, 3, 4, 5, 6],
  },
  {
    name: 'dimension: debts below the threshold alone are no work',
    session: {
      pattern: 'dimension',
      completeTo: 6,
      spec: { catchup: { thresholdHours: 2 } },
      sources: { s: { owed: [1], vtts: 6 } },
    },
    status: 'nothing-new',
    hours: [],
    owed: [1],
  },
];

describe('planSession', () => {
  it.each(CASES)('$name', ({ session, status, hours, owed = [], heldBackBy }) => {
    const plan = planSession(sessionOf(session));
    expect({
      status: plan.status,
      hours: hourNumbers(plan.hours),
      owed: hourNumbers(plan.owed_hours),
      held_back_by: plan.held_back_by,
    }).toEqual({
      status,
      hours,
      owed,
      held_back_by: heldBackBy ?? null,
    });
    expect(plan.range).toEqual(
      session.pattern === 'stateless' || hours.length === 0
        ? null
        : { first_hour: hourAt(hours[0] as number), last_hour: hourAt(hours.at(-1) as number) },
    );
    expect(Object.isFrozen(plan)).toBe(true);
  });

  it('names the cause of every hour, and says of the others why they are there', () => {
    const plan = planSession(
      sessionOf({ pattern: 'stateful', sources: { s: { added: [1, 4], owed: [2], vtts: 6 } } }),
    );
    expect(plan.hours.map((each) => [each.reason, each.causes.map((cause) => cause.file)])).toEqual([
      ['changed', ['/warehouse/raw/data/1-1.parquet']],
      ['owed', []],
      ['contiguous', []],
      ['changed', ['/warehouse/raw/data/4-4.parquet']],
    ]);
  });

  it('keeps the owed hours of each source with that source', () => {
    const plan = planSession(
      sessionOf({
        pattern: 'stateful',
        sources: { s: { added: [4, 6], vtts: 6 }, o: { added: [5], owed: [7], vtts: 4 } },
      }),
    );
    expect(plan.sources.map((each) => hourNumbers(each.owed_hours))).toEqual([[6], [5, 7]]);
  });

  it('reads exactly the new files when stateless, and the pinned snapshot when stateful', () => {
    const data = { sources: { s: { added: [1], vtts: 6 } } };
    expect(planSession(sessionOf({ pattern: 'stateless', ...data })).sources[0]?.read).toEqual({
      kind: 'changes',
      snapshot_ids: ['9'],
      manifest_lists: ['/warehouse/raw/snap-9.avro'],
      files: null,
    });
    expect(planSession(sessionOf({ pattern: 'stateful', ...data })).sources[0]?.read).toEqual({
      kind: 'snapshot',
      snapshot_id: '9',
    });
  });

  it('depends on nothing but the session', () => {
    const data: SessionData = { pattern: 'stateful', sources: { s: { added: [1, 4], vtts: 6 } } };
    expect(JSON.stringify(planSession(sessionOf(data)))).toBe(JSON.stringify(planSession(sessionOf(data))));
  });
});
