// Goal: a plan becomes the same list of steps that a run executes and an explanation prints. Method: sessions
// as data -> steps; SQL and parameters are asserted.
import { describe, expect, it } from 'vitest';
import { compilePlan } from '../../src/compile/index.ts';
import type { CompiledPlan, Step } from '../../src/model/plan.ts';
import { planSession } from '../../src/plan/index.ts';
import { type SessionData, sessionOf, specOf } from '../support/session-data.ts';
import { hourAt } from '../support/world.ts';

const compile = (data: SessionData): CompiledPlan => compilePlan(planSession(sessionOf(data)), specOf(data));
const stepNames = (plan: CompiledPlan): string[] => plan.steps.map((step) => `${step.stage} ${step.name}`);
const stepOf = (plan: CompiledPlan, name: string): Step => {
  const step = plan.steps.find((each) => each.name === name);
  if (step === undefined) throw new Error(`no step ${name} among ${stepNames(plan).join(', ')}`);
  return step;
};
const stateless: SessionData = { pattern: 'stateless', sources: { s: { added: [1, 3], vtts: 3 } } };
const stateful: SessionData = { pattern: 'stateful', sources: { s: { added: [1, 3], vtts: 3 } } };

/** The files' folder: known when the session runs. */
const destination = { from_run: 'data-folder' };

describe('compilePlan', () => {
  it('gives a plan without work no steps', () => {
    expect(compile({ pattern: 'stateful', sources: { s: { vtts: 3 } } }).steps).toEqual([]);
  });

  it('orders the steps of an append', () => {
    expect(stepNames(compile(stateless))).toEqual([
      'branch change_view s',
      'branch open_session',
      'load insert',
      'compose compose_snapshot',
      'audit count_sources',
      'audit count_staged',
      'publish publish',
      'cleanup protect_watermarks',
      'cleanup close_session',
    ]);
  });

  it('reads hours of few rows ahead, in portions that grow, and those of many each by itself', () => {
    const data: SessionData = { pattern: 'dimension', sources: { s: { added: [0, 29], vtts: 29 } } };
    const portions = (rows: string | null): string[][] => {
      const plan = planSession(sessionOf(data));
      const sources = plan.sources.map((source) => ({ ...source, total_records: rows }));
      return compilePlan({ ...plan, sources }, specOf(data)).steps.flatMap((step) =>
        step.kind === 'read-ahead' ? [[step.first_hour, step.last_hour]] : [],
      );
    };
    expect(portions('6000')).toEqual([
      [hourAt(0), hourAt(3)],
      [hourAt(4), hourAt(11)],
      [hourAt(12), hourAt(27)],
      [hourAt(28), hourAt(29)],
    ]);
    // 40,000 rows an hour: four hours are 160,000 of them, eight would be too many.
    expect(portions('1200000').slice(0, 2)).toEqual([
      [hourAt(0), hourAt(3)],
      [hourAt(4), hourAt(7)],
    ]);
    expect(portions('60000000')).toEqual([]);
    expect(portions(null)).toEqual([]);
  });

  it('orders the steps of an overwrite', () => {
    expect(stepNames(compile(stateful))).toEqual([
      'branch open_session',
      'load clear_hours',
      'load carry_over',
      'load insert',
      'compose compose_snapshot',
      'audit count_sources',
      'audit count_staged',
      'publish publish',
      'cleanup protect_watermarks',
      'cleanup close_session',
    ]);
  });

  it('creates a target that does not exist, and clears nothing in it', () => {
    const names = stepNames(
      compile({
        ...stateful,
        target: {
          exists: false,
          tableUuid: undefined as never,
          baseSnapshotId: undefined as never,
          eventTime: undefined as never,
        },
      }),
    );
    expect(names).toContain('branch create_target');
    expect(names.filter((name) => /clear_hours|carry_over/.test(name))).toEqual([]);
  });

  it('computes a dimension hour by hour, in order, each with its own bounds, and writes the hours together', () => {
    const plan = compile({ pattern: 'dimension', completeTo: 3, sources: { s: { added: [2], vtts: 4 } } });
    const hours = plan.steps.filter((step) => step.name.startsWith('compute_hour'));
    expect(hours.map((step) => step.name)).toEqual([2, 3, 4].map((hour) => `compute_hour ${hourAt(hour)}`));
    expect(
      plan.steps
        .map((step) => step.name)
        .filter((name) => ['begin_hours', 'end_hours', 'insert'].includes(name)),
    ).toEqual(['begin_hours', 'end_hours', 'insert']);
    expect(hours.map((step) => step.parameters)).toEqual(
      [2, 3, 4].map((hour) => ({
        range_start: hourAt(hour),
        range_end: hourAt(hour + 1),
        previous_start: hourAt(hour - 1),
      })),
    );
    // The first hour's `previous` is in the target, that of the others among the hours computed before.
    expect(
      hours.map(
        (step) =>
          /"previous" as not materialized \(\nselect \*\nfrom (\S+)/.exec(step.sql)?.[1]?.split('.')[0],
      ),
    ).toEqual(['"psyberg_session"', '"temp"', '"temp"']);
  });

  it('binds every value: the range of an overwrite', () => {
    const insert = stepOf(compile(stateful), 'insert');
    expect(insert.sql).toContain(
      'where "ts" >= $range_start::timestamptz\n  and "ts" < $range_end::timestamptz',
    );
    expect(insert.parameters).toEqual({ destination, range_start: hourAt(1), range_end: hourAt(4) });
    expect(insert.sql).not.toContain('2023');
  });

  it('binds separate hours with hours: touched', () => {
    const insert = stepOf(compile({ ...stateful, spec: { hours: 'touched' } }), 'insert');
    expect(insert.parameters).toMatchObject({
      hours: [1, 3].map((hour) => String(Date.parse(hourAt(hour)) / 3_600_000)),
    });
    expect(
      stepOf(compile({ ...stateful, spec: { hours: 'touched' } }), 'clear_hours').parameters,
    ).toMatchObject({
      first_hours: expect.arrayContaining([]),
      last_hours: expect.any(Array),
    });
  });

  it.each([
    ['epoch_ms', 'long', 'ms', 'epoch_ms($range_start)'],
    ['epoch_s', 'long', 's', 'epoch_ms($range_start) // 1000'],
    ['epoch_us', 'long', 'us', 'epoch_us($range_start)'],
    ['timestamp', 'timestamp', 'us', '$range_start'],
    ['date', 'date', 'day', '$range_start'],
  ])('compares an event time of %s in its own type', (_name, eventTimeType, eventTimeUnit, bound) => {
    const insert = stepOf(
      compile({
        pattern: 'stateful',
        sources: { s: { added: [1], vtts: 1, state: { eventTimeType, eventTimeUnit } } },
      }),
      'insert',
    );
    expect(insert.sql).toContain(`where "ts" >= ${bound}\n`);
  });

  it('passes only the parameters that the SQL names', () => {
    const sql = 'select *, $psyberg_session_id as session, $last_hour as last_hour from s';
    expect(stepOf(compile({ ...stateful, spec: { sql } }), 'insert').parameters).toEqual({
      destination,
      psyberg_session_id: '20230914061501',
      last_hour: hourAt(3),
      range_start: hourAt(1),
      range_end: hourAt(4),
    });
    expect(stepOf(compile({ ...stateless, spec: { sql } }), 'insert').parameters).toEqual({
      destination,
      psyberg_session_id: '20230914061501',
      last_hour: hourAt(3),
    });
  });

  it('quotes names, whatever they are', () => {
    const evil = 's"; drop table x; --';
    const plan = compile({ pattern: 'stateful', sources: { [evil]: { added: [1], vtts: 1 } } });
    expect(stepOf(plan, 'insert').sql).toContain('"s""; drop table x; --" as not materialized');
  });

  it('refuses rows outside the replaced hours of an overwrite, and of an append none', () => {
    expect(stepOf(compile(stateful), 'count_staged')).toMatchObject({
      sql: expect.stringContaining('or "ts" >= $range_end'),
      parameters: { range_start: hourAt(1), range_end: hourAt(4) },
    });
    expect(stepOf(compile(stateless), 'count_staged').parameters).toEqual({});
  });

  it('makes one step of each audit, in the order in which they are declared', () => {
    const place = { line: 1, column: 1 };
    const audits = [
      { kind: 'unique', name: 'unique', severity: 'block', columns: ['a', 'b"c'], over: 'staged', place },
      { kind: 'unique', name: 'unique_2', severity: 'block', columns: ['a', 'b'], over: 'target', place },
      {
        kind: 'no_missing_events',
        name: 'no_missing_events',
        severity: 'warn',
        source: 's',
        key: 'id',
        targetKey: 'event_id',
        place,
      },
      {
        kind: 'sql',
        name: 'own',
        severity: 'block',
        file: '/project/audits/own.sql',
        sql: 'select * from staged where $process_name is null',
        parameters: [],
        place,
      },
    ] as const;
    const plan = compile({ ...stateless, spec: { audits } });
    expect(plan.steps.filter((step) => step.stage === 'audit').map((step) => step.name)).toEqual([
      'count_sources',
      'count_staged',
      'unique',
      'unique_2',
      'no_missing_events',
      'own',
    ]);
    expect(stepOf(plan, 'unique').sql).toContain('select "a", "b""c", count(*) as occurrences');
    expect(stepOf(plan, 'unique').sql).toContain('where "a" is not null and "b""c" is not null');
    expect(stepOf(plan, 'unique_2').sql).toContain(
      'semi join staged_keys using ("a", "b")\nwhere "a" >= (select min("a") from staged_keys)',
    );
    expect(stepOf(plan, 'no_missing_events').sql).toContain(
      'staged."event_id" is not distinct from source."id"',
    );
    expect(stepOf(plan, 'own').parameters).toEqual({
      process_name: 'some_load',
      kept_rows: { from_run: 'kept-rows' },
    });
  });

  it('is plain JSON: a plan sent to another process is the same plan', () => {
    for (const data of [stateless, stateful]) {
      const plan = compile(data);
      expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
    }
  });
});
