/** The process of such a history, and its SQL over whole tables. */
import { eventTimeSql } from '../source-shape.ts';
import { type ProcessFile, processFile } from '../world.ts';
import type { History, Side } from './history.ts';

export const columnsOfTarget = ({ pattern }: Pick<History, 'pattern'>): string =>
  pattern === 'stateful' ? 'id, region, ts, n, ids, newest' : 'region, ts, n, newest';

/** Hours of a day reach from one into the next. */
export const hoursApart = ({ grain }: Pick<History, 'grain'>): number => (grain === 'day' ? 9 : 1);
const reach = (each: History, hours: number): number => hours * hoursApart(each);

const rowsOf = (each: History): string => `
select a.id, a.region, ${eventTimeSql(each.a, 'a.ts')} as ts, count(b.id) as n, (sum(b.id))::bigint as ids,
       (select max(l.id) from l where l.region = a.region) as newest
from a
left join b on b.region = a.region
  and date_trunc('hour', ${eventTimeSql(each.b, 'b.ts')}) >= date_trunc('hour', ${eventTimeSql(each.a, 'a.ts')}) - interval ${reach(each, each.before)} hour
  and date_trunc('hour', ${eventTimeSql(each.b, 'b.ts')}) <= date_trunc('hour', ${eventTimeSql(each.a, 'a.ts')}) + interval ${reach(each, each.after)} hour
group by all`;

const NEWEST = '(select max(l.id) from l where l.region = r.region)';
const sqlOf = (each: History): string =>
  each.pattern === 'stateful'
    ? rowsOf(each)
    : `select r.region, $range_start::timestamptz as ts, (sum(r.n))::bigint as n, ${NEWEST} as newest
       from (select region, n + 1 as n from (${rowsOf(each)}) union all select region, n from previous) as r
       group by r.region`;

export function fileOf(each: History, name: string): ProcessFile {
  const { before, after, windowKey, lookupKey, catchup, partitioned } = each;
  const source = (side: Side) => ({
    table: `raw.${side}`,
    alias: side,
    ...(each.protect ? {} : { protect: false }),
    ...(side !== 'l' && each[side].eventType === 'epoch_ms' ? { event_time_unit: 'epoch_ms' } : {}),
  });
  const window = { before: `${reach(each, before)}h`, after: `${reach(each, after)}h` };
  return processFile(
    {
      process_name: name,
      pattern: each.pattern,
      ...(each.pattern === 'stateful' ? { hours: each.hours } : {}),
      grain: each.grain,
      ...(catchup === undefined ? {} : { catchup: catchupOf(each) }),
      sources: [
        { ...source('a'), event_time: 'ts' },
        {
          ...source('b'),
          event_time: 'ts',
          ...(before + after === 0 ? {} : { window: { ...window, ...(windowKey ? { key: 'region' } : {}) } }),
          ...(each.bySql ? { vtts: { sql: 'select max(t) from aux.complete' } } : {}),
        },
        { ...source('l'), lookup: true, on_change: 'restate', ...(lookupKey ? { key: 'region' } : {}) },
      ],
      target: {
        table: 'facts.t',
        event_time: 'ts',
        ...(partitioned === undefined ? {} : { partition_by: [`${partitioned}(ts)`] }),
        properties: { 'format-version': each.targetVersion },
      },
    },
    sqlOf(each),
  );
}

/** A dimension has no newest hours that it could begin with. */
const catchupOf = ({ pattern, catchup }: History): object =>
  Object.fromEntries(
    Object.entries(catchup ?? {}).filter(([key]) => pattern === 'stateful' || key !== 'order'),
  );

/** `limit`: the last hour that is complete; `judged`: a condition on hours. */
export function wholeSql(each: History, limit: string, judged: string): string {
  const sources = 'a as (from raw.a), b as (from raw.b), l as (from raw.l)';
  const columns = columnsOfTarget(each);
  if (each.pattern === 'stateful')
    return `with ${sources} select ${columns} from (${rowsOf(each)}) where ${judged}`;
  const { grain } = each;
  return `with ${sources}, rows as (${rowsOf(each)}),
    hours as (
      select unnest(generate_series(
        (select date_trunc('${grain}', min(ts)) from rows), timestamptz '${limit}', interval 1 ${grain}
      )) as ts
    )
    select r.region, r.ts, r.n, ${NEWEST} as newest
    from (
      select rows.region, hours.ts, (sum(n + 1))::bigint as n
      from hours join rows on rows.ts < hours.ts + interval 1 ${grain}
      group by all
    ) as r
    where ${judged}`;
}
