/**
 * The project of a mixed history: copy -> again (stateless); sums of two sources (stateful) -> state (dimension)
 * and days (stateful, by the day). `factor` is what corrected SQL changes.
 */
import { eventTimeSql } from '../source-shape.ts';
import { type ProcessFile, processFile } from '../world.ts';
import type { History, Name } from './history.ts';

export const COLUMNS: Readonly<Record<Name, string>> = {
  copy: 'id, region, ts',
  again: 'id, region, ts',
  sums: 'ts, region, n, ids, of_b',
  state: 'ts, n',
  days: 'ts, n',
};

/** The process whose target another one reads. */
export function upstreamOf(each: History, process: Name): Name | undefined {
  if (process === 'again') return 'copy';
  if (process === 'state' || process === 'days') return 'sums';
  return process === 'sums' && each.overCopy ? 'copy' : undefined;
}

/** `from`: what the aliases a and b, copy, sums are. */
function sqlOf(each: History, factor: number) {
  const skip = each.filter ? 'where extract(hour from ts) % 3 <> 1' : '';
  const shown = each.overCopy
    ? 'select id, region, ts from src'
    : `select id, region, ${eventTimeSql(each.a)} as ts from src`;
  return {
    copy: `select id, region, ${eventTimeSql(each.a)} as ts from src`,
    again: "select id, region || '?' as region, ts from src",
    sums: `select date_trunc('hour', ts) as ts, region, (${factor} * count(*))::bigint as n, (sum(id))::bigint as ids, count(*) filter (side = 'b') as of_b
      from (select *, 'a' as side from (${shown}) union all select id, region, ${eventTimeSql(each.b)}, 'b' from b) ${skip} group by all`,
    state:
      'select $range_start::timestamptz as ts, (coalesce((select max(n) from previous), 0) + coalesce((select sum(n) from src), 0))::bigint as n',
    days: "select date_trunc('day', ts) as ts, sum(n)::bigint as n from src group by 1",
  };
}

export function filesOf(each: History, factor: number): ProcessFile[] {
  const sql = sqlOf(each, factor);
  const target = (table: string, extra: object = {}) => ({
    table: `facts.${table}`,
    event_time: 'ts',
    ...(each.partitioned === undefined ? {} : { partition_by: [`${each.partitioned}(ts)`] }),
    properties: { 'format-version': each.targetVersion },
    ...extra,
  });
  const raw = (side: 'a' | 'b', alias: string) => ({
    table: `raw.${side}`,
    event_time: 'ts',
    alias,
    ...(each[side].eventType === 'epoch_ms' ? { event_time_unit: 'epoch_ms' } : {}),
    ...(each.protect ? {} : { protect: false }),
  });
  const audits = [{ sql: 'audits/toggle.sql' }];
  const ofSums = { table: 'facts.sums', event_time: 'ts', alias: 'src' };
  return [
    processFile(
      {
        process_name: 'copy',
        pattern: 'stateless',
        sources: [raw('a', 'src')],
        target: target('copy'),
        audits,
      },
      sql.copy,
    ),
    processFile(
      {
        process_name: 'again',
        pattern: 'stateless',
        sources: [{ table: 'facts.copy', event_time: 'ts', alias: 'src' }],
        target: target('again'),
        audits,
      },
      sql.again,
    ),
    processFile(
      {
        process_name: 'sums',
        pattern: 'stateful',
        hours: each.hours,
        ...(each.catchup === undefined ? {} : { catchup: each.catchup }),
        sources: [
          each.overCopy ? { table: 'facts.copy', event_time: 'ts', alias: 'src' } : raw('a', 'src'),
          { ...raw('b', 'b'), ...(each.bySql ? { vtts: { sql: 'select max(t) from aux.complete' } } : {}) },
        ],
        target: target('sums'),
        audits,
      },
      sql.sums,
    ),
    processFile(
      {
        process_name: 'state',
        pattern: 'dimension',
        ...(each.stateCatchup === undefined ? {} : { catchup: each.stateCatchup }),
        sources: [ofSums],
        target: target('state'),
        audits,
      },
      sql.state,
    ),
    processFile(
      {
        process_name: 'days',
        pattern: 'stateful',
        grain: 'day',
        sources: [ofSums],
        target: target('days'),
        audits,
      },
      sql.days,
    ),
  ];
}

/** `limit`: the last complete hour; `judged`: a condition on the hours that are compared. */
export interface Compared {
  readonly limit: string;
  readonly judged: string;
}

/** The same rows by plain SQL over whole tables. */
export function wholeSql(each: History, factor: number, process: Name, { limit, judged }: Compared): string {
  const sql = sqlOf(each, factor);
  const cut = `ts < timestamptz '${limit}' + interval 1 hour and ${judged}`;
  switch (process) {
    case 'copy':
      return `with src as (from raw.a) ${sql.copy}`;
    case 'again':
      return `with src as (from facts.copy) ${sql.again}`;
    case 'sums':
      return `with src as (from ${each.overCopy ? 'facts.copy' : 'raw.a'}), b as (from raw.b)
        select ts, region, n, ids, of_b from (${sql.sums}) where ${cut}`;
    case 'state':
      return `with src as (from facts.sums),
        hours as (
          select unnest(generate_series((select min(ts) from src), timestamptz '${limit}', interval 1 hour)) as ts
        ),
        states as (
          select ts, coalesce((select sum(n) from src where src.ts <= hours.ts), 0)::bigint as n from hours
        )
        select ts, n from states where ${judged}`;
    case 'days':
      return `with src as (from facts.sums) select ts, n from (${sql.days}) where ${cut}`;
  }
}
