// Goal: in which hour a row of the query lies is asked of the value that the target stores, as on DuckDB: a date in a
// column of times is its midnight alone. Method: a restated stateless process, and a window, without a Spark.
import { expect, it } from 'vitest';
import { SPARK } from '../../src/compile/index.ts';
import type { Plan } from '../../src/model/plan.ts';
import { planOf, type SessionData, specOf } from '../support/session-data.ts';
import { hourAt } from '../support/world.ts';

const stored = (type: string, unit: string) => ({ field_id: 1, type, unit });

/** The hours 1 to 3, or 1 and 3 alone. */
function restated(target: Plan['target']['event_time'], hours: readonly number[]) {
  const data: SessionData = {
    pattern: 'stateless',
    sources: { s: { added: [1], vtts: 4 } },
    spec: { engine: 'spark', sql: 'select cast(ts as date) as ts from s' },
  };
  const plan = planOf(data);
  const [hour] = plan.hours;
  const planned: Plan = {
    ...plan,
    trigger: 'restate',
    range: { first_hour: hourAt(1), last_hour: hourAt(3) },
    hours: hours.map((each) => ({ ...hour, hour: hourAt(each) })) as unknown as Plan['hours'],
    target: { ...plan.target, exists: true, event_time: target },
  };
  return { plan: planned, spec: specOf(data) };
}

it.each([[[1, 2, 3]], [[1, 3]]])('of the hours %j', (hours) => {
  const sqlFor = (target: Plan['target']['event_time']) => {
    const { plan, spec } = restated(target, hours);
    const outside = SPARK.audits(plan, spec).find(({ kind }) => kind === 'count-staged');
    return [SPARK.load(plan, spec).sql, outside?.sql];
  };
  for (const sql of sqlFor(stored('timestamp', 'us')))
    expect(sql).toContain(`typeof(cast("ts" as timestamp)) = 'date'`);
  for (const sql of sqlFor(stored('date', 'day')))
    expect(sql).toContain(`typeof(cast("ts" as date)) = 'date'`);
  // What a query returns is what its target will store.
  for (const sql of sqlFor(null)) expect(sql).toContain(`typeof("ts") = 'date'`);
});

it('where rows beside the hours of a session are left out', () => {
  const data: SessionData = {
    pattern: 'stateful',
    sources: { s: { added: [3], vtts: 4 } },
    completeTo: 2,
    spec: { engine: 'spark' },
  };
  const plan = planOf(data);
  const windowed: Plan = {
    ...plan,
    sources: plan.sources.map((each) => ({ ...each, window: { before_hours: 1, after_hours: 0 } })) as never,
    target: { ...plan.target, exists: true, event_time: stored('timestamptz', 'us') },
  };
  const { sql } = SPARK.load(windowed, specOf(data));
  expect(sql.match(/typeof\(cast\("ts" as timestamp\)\) = 'date'/g)).toHaveLength(2);
});

it('counts rows by file without their hours where nobody asks for those', () => {
  const counts = (pattern: SessionData['pattern']): string | undefined => {
    const data: SessionData = {
      pattern,
      sources: { s: { added: [3], vtts: 4 } },
      completeTo: 2,
      spec: { engine: 'spark' },
    };
    return SPARK.audits(planOf(data), specOf(data)).find(({ kind }) => kind === 'count-sources')?.sql;
  };
  expect(counts('stateless')).toContain('_file as path, cast(null as bigint) as hour');
  expect(counts('stateful')).toMatch(/_file as path, unix_seconds\(date_trunc\('HOUR', .*"ts"/);
});
