/** The project of a history of PyIceberg: processes of every pattern over two sources and a lookup, and their oracles. */
import { type ProcessFile, processFile } from '../../support/world.ts';
import type { History, Name, Side, Time } from './history.ts';

export const COLUMNS: Readonly<Record<Name, string>> = {
  copy: 'id, ts, k, v',
  labelled: 'id, ts, k, v, n, s',
  sums: 'ts, k, n, s, of_b',
  state: 'ts, k, n, s',
  days: 'ts, n, s',
  extra: 'id, ts, extra',
  near: 'id, ts, k, n',
  added: 'id, ts, k, v',
};
export const sidesOf: Readonly<Record<Name, readonly Side[]>> = {
  copy: ['a'],
  labelled: ['a', 'l'],
  sums: ['a', 'b'],
  state: ['a'],
  days: ['b'],
  extra: ['a'],
  near: ['a', 'b'],
  added: ['a'],
};

/** An event time as timestamptz. */
const at = (time: Time): string =>
  time === 'timestamptz'
    ? 'ts'
    : time === 'epoch_ms'
      ? 'to_timestamp(ts / 1000)'
      : "ts::timestamp at time zone 'UTC'";

function sqlOf({ shapes }: History): Readonly<Record<Name, string>> {
  const of = (side: Side) => `select id, ${at(shapes[side].time)} as ts, k, v::bigint as v from ${side}`;
  const [a, b] = [of('a'), of('b')];
  return {
    copy: a,
    added: a,
    labelled: `select r.id, r.ts, r.k, r.v, count(l.id) as n, coalesce(sum(l.v), 0)::bigint as s
      from (${a}) as r left join l on l.k is not distinct from r.k group by all`,
    sums: `select date_trunc('hour', ts) as ts, k, count(*) as n, coalesce(sum(v), 0)::bigint as s, count(*) filter (side = 'b') as of_b
      from (select *, 'a' as side from (${a}) union all select *, 'b' from (${b})) group by all`,
    state: `select $range_start::timestamptz as ts, k, sum(n)::bigint as n, sum(s)::bigint as s
      from (select k, 1 as n, coalesce(v, 0) as s from (${a}) union all by name select k, n, s from previous) group by k`,
    days: `select date_trunc('day', ts) as ts, count(*) as n, coalesce(sum(v), 0)::bigint as s from (${b}) group by 1`,
    extra: `select id, ${at(shapes.a.time)} as ts, extra::varchar as extra from a`,
    near: `select y.id, y.ts, y.k, count(x.id) as n from (${b}) as y
      left join (${a}) as x on x.k = y.k and x.ts <= y.ts and x.ts > y.ts - interval 1 hour group by all`,
  };
}

export function filesOf(each: History): ProcessFile[] {
  const sql = sqlOf(each);
  const source = (side: Side, more: object = {}) => ({
    table: `raw.${side}`,
    alias: side,
    ...(side === 'l' ? { lookup: true } : { event_time: 'ts' }),
    ...(side !== 'l' && each.shapes[side].time === 'epoch_ms' ? { event_time_unit: 'epoch_ms' } : {}),
    ...(each.protect ? {} : { protect: false }),
    ...more,
  });
  const file = (name: Name, pattern: string, sources: readonly object[], more: object = {}) =>
    processFile(
      {
        process_name: name,
        pattern,
        ...(pattern === 'stateful' ? { hours: each.hours } : {}),
        ...more,
        sources,
        target: {
          table: `facts.${name}`,
          event_time: 'ts',
          ...(each.partitioned === undefined ? {} : { partition_by: [`${each.partitioned}(ts)`] }),
          properties: { 'format-version': each.targetVersion },
        },
      },
      sql[name],
    );
  return [
    file('copy', 'stateless', [source('a')]),
    file('added', 'stateless', [source('a', { on_source_change: 'append-added' })]),
    file('labelled', 'stateful', [
      source('a'),
      source('l', { on_change: 'restate', ...(each.keyed ? { key: 'k' } : {}) }),
    ]),
    file('sums', 'stateful', [source('a'), source('b')]),
    file('state', 'dimension', [source('a')]),
    file('days', 'stateful', [source('b')], { grain: 'day' }),
    file('extra', 'stateful', [source('a')]),
    file('near', 'stateful', [
      source('a', { window: { before: '1h', ...(each.keyed ? { key: 'k' } : {}) } }),
      source('b'),
    ]),
  ];
}

/** The same rows by plain SQL over whole tables, `a`, `b` and `l`; `limit`: the last complete hour. */
export function wholeSql(each: History, name: Name, limit: string): string {
  const sql = sqlOf(each)[name];
  const cut = `ts < timestamptz '${limit}' + interval 1 hour`;
  if (name === 'copy' || name === 'added') return `select ${COLUMNS[name]} from (${sql})`;
  if (name !== 'state') return `select ${COLUMNS[name]} from (${sql}) where ${cut}`;
  const a = `select k, ${at(each.shapes.a.time)} as ts, v from a`;
  return `with rows as (${a}), hours as (
      select unnest(generate_series((select date_trunc('hour', min(ts)) from rows), timestamptz '${limit}', interval 1 hour)) as hour
    )
    select hour as ts, k, count(*)::bigint as n, coalesce(sum(v), 0)::bigint as s
    from hours join rows on rows.ts < hour + interval 1 hour group by all`;
}
