// Goal: a join of sources that nothing ties to the same hour is noticed, through CTEs and subqueries, and nothing else is. Method: queries through
// DuckDB's own parser; the processes that this repository ships are among them.
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { SourceSpec } from '../../src/model/process-spec.ts';
import { hoursReturned } from '../../src/plan/hours-returned.ts';
import { judgeRows, planSession, warningsOf } from '../../src/plan/index.ts';
import { joinsBeyondWindows, joinsWithoutHours } from '../../src/plan/joins-without-hours.ts';
import { keysNotCompared } from '../../src/plan/keys-not-compared.ts';
import { readProcess } from '../../src/project/read-process.ts';
import { parsedQuery } from '../support/parsed-query.ts';
import { sessionOf, specOf } from '../support/session-data.ts';

const SOURCES = specOf({ pattern: 'stateful', sources: { c: {}, r: {}, d: {} } }).sources;
const noticed = async (sql: string, sources: readonly SourceSpec[] = SOURCES): Promise<string[]> =>
  joinsWithoutHours(await parsedQuery(sql), { pattern: 'stateful', sources }).map(
    ({ first, second, key, hoursApart }) =>
      `${first.alias} ${second.alias} ${key ?? '-'} ${hoursApart ?? '-'}`,
  );

describe('a join that nothing ties to the same hour', () => {
  it.each([
    ['select * from c left join r using (account_id)', ['c r account_id -']],
    ['select * from c join R as x on x.account_id = c.account_id', ['c r account_id -']],
    ['select * from c, r where c.a = r.b', ['c r - -']],
    ['select * from c cross join r', ['c r - -']],
    [
      'select * from c left join r on r.account_id = c.account_id and r.ts <= c.ts and r.ts > c.ts - interval 30 day',
      ['c r account_id 720'],
    ],
    ['select * from c asof join r on c.k = r.k and c.ts >= r.ts', ['c r k -']],
    ['select * from c join r using (k) join d on d.k = r.k and d.ts = c.ts', ['c r k -']],
    ['with x as (select c.id from c join r using (k)) select * from x', ['c r k -']],
    ['select *, exists (from r where r.k = c.k) as x from c', ['c r k -']],
    ['select * from c join (select k from r) as r2 using (k)', ['c r k -']],
    ['with r2 as (select * from r) select * from c join r2 using (k)', ['c r k -']],
    [
      'with a as (select * from c), b as (select k, max(ts) as t from r group by 1) from a join b using (k)',
      ['c r k -'],
    ],
    [
      'with a as (select k, ts as c_ts from c), b as (from r) from a join b on a.k = b.k and b.ts > a.c_ts - interval 2 hour',
      ['c r k 2'],
    ],
    ['select * from c, lateral (select * from r where r.k = c.k) as x', ['c r - -']],
    ['select (select max(x.v) from (select k, v from r) as x where x.k = c.k) from c', ['c r k -']],
    ['with j as (select c.k from c join r on c.ts = r.ts) from j join d using (k)', ['c d k -']],
    ['select 1 union all (with b as (from r) select 1 from c join b using (k))', ['c r k -']],
    [
      'with u as (select k, ts from c union all select k, ts from r) select * from d join u using (k)',
      ['d c k -'],
    ],
    ['select * from c where c.k in (select k from r)', ['c r k -']],
    [
      'select *, exists (from r as q where q.k = c.k and q.ts <= c.ts and q.ts > c.ts - interval 12 hour) as x from c',
      ['c r k 12'],
    ],
  ])('%s', async (sql, found) => {
    expect(await noticed(sql)).toEqual(found);
  });

  it.each([
    'select * from c',
    'select * from c union all select * from r',
    'select * from c join r using (k, ts)',
    'select * from c natural join r',
    'select * from c join r on r.k = c.k and r.ts = c.ts',
    "select * from c join r on r.k = c.k and date_trunc('hour', r.ts) = date_trunc('hour', c.ts)",
    'select * from c, r where r.k = c.k and r.ts::date = c.ts::date',
    "select * from c join r on r.k = c.k and date_trunc('hour', r.ts) is not distinct from c.landing_hour",
    "select * from c join r on r.k = c.k and r.ts between date_trunc('hour', c.ts) and date_trunc('hour', c.ts) + interval 1 hour",
    'with r as (select * from c) select * from c join r using (k)',
    'select * from c join other.r using (k)',
    'select * from c join c as again using (k)',
    'select * from c join (select k, ts from r) as r2 using (k, ts)',
    "with h as (select k, date_trunc('hour', ts) as h from r group by all) select * from c join h on h.k = c.k and h.h = date_trunc('hour', c.ts)",
    'with r2 as (select * from r) select * from c join r2 using (k, ts)',
    'with r2 as (select * from r), r3 as (select k, ts as t from r2) select * from c join r3 on r3.k = c.k and c.ts = r3.t',
    'select * from c, lateral (select * from r where r.k = c.k and r.ts = c.ts) as x',
    'with u as (select k, ts from c union all select k, ts from r) select * from u as a join u as b using (k)',
    'with u as (select k, ts as t from c union all select k, ts from r) select * from d join u on d.ts = u.t',
    'with recursive x as (select k from c union all select k from x) select * from x',
    'select * from c join (select k from r) as x(q) on c.k = x.q',
    'select *, (select count(*) from r) as n from c',
    "select *, exists (from r where r.k = c.k and date_trunc('hour', r.ts) = date_trunc('hour', c.ts)) as x from c",
    'select *, exists (from r where r.k = c.k and r.ts = c.ts) as x from c',
  ])('is none: %s', async (sql) => {
    expect(await noticed(sql)).toEqual([]);
  });

  it.each(['stateless', 'dimension'] as const)('is none in a %s process', async (pattern) => {
    const tree = await parsedQuery('select * from c left join r using (account_id)');
    expect(joinsWithoutHours(tree, { pattern, sources: SOURCES })).toEqual([]);
  });

  it('is none where a source has a window, or no event time', async () => {
    const [c, r] = SOURCES as readonly [SourceSpec, SourceSpec];
    const sql = 'select * from c left join r using (account_id)';
    expect(await noticed(sql, [c, { ...r, window: { beforeHours: 1, afterHours: 0 } }])).toEqual([]);
    const { eventTime: _time, ...timeless } = r;
    expect(await noticed(sql, [c, timeless])).toEqual([]);
  });

  it('is a warning of the plan, which names what to add', async () => {
    const session = sessionOf({
      pattern: 'stateful',
      sources: { c: { added: [1], vtts: 3 }, r: { vtts: 3 } },
    });
    const tree = await parsedQuery(
      'select * from c left join r on r.account_id = c.account_id and r.ts > c.ts - interval 30 day',
    );
    const [warning, ...more] = warningsOf(planSession(session), session.spec, judgeRows(tree, session.spec));
    expect(more).toEqual([]);
    expect(warning).toMatchObject({ code: 'join-without-window' });
    expect(warning?.message).toContain('some_load joins c and r without a condition that ties their hours');
    expect(warning?.hint).toContain('add window: { before: 30d, key: account_id } to the source raw.r');
  });

  it.each([
    ['c.ts - interval 30 day', []],
    ['c.ts - interval 31 day', ['c r 744']],
    ["c.ts - interval '31 days'", ['c r 744']],
    ['c.ts - interval 5 week', ['c r 840']],
    ["c.ts - '5 weeks'::interval", ['c r 840']],
    ['c.ts - interval 2595601 second', ['c r 722']],
    ["c.ts - '31 days'", []],
    ['c.ts - c.days_back * interval 1 day', []],
    ['c.earliest', []],
  ])('is told with a window that is shorter than its interval: %s', async (from, found) => {
    const sources = SOURCES.map((source) =>
      source.alias === 'r' ? { ...source, window: { beforeHours: 720, afterHours: 2 } } : source,
    );
    const spec = { ...specOf({ pattern: 'stateful', sources: { c: {}, r: {} } }), sources };
    const tree = await parsedQuery(
      `select * from c left join r on r.account_id = c.account_id and r.ts > ${from}`,
    );
    const beyond = joinsBeyondWindows(tree, spec);
    expect(
      beyond.map(({ first, second, hoursApart }) => `${first.alias} ${second.alias} ${hoursApart ?? '-'}`),
    ).toEqual(found);
    const session = sessionOf({
      pattern: 'stateful',
      sources: { c: { added: [1], vtts: 3 }, r: { vtts: 3 } },
    });
    const told = warningsOf(planSession(session), spec, judgeRows(tree, spec));
    expect(told.map(({ code }) => code)).toEqual(found.map(() => 'window-too-short'));
    expect(joinsWithoutHours(tree, spec)).toEqual([]);
  });

  it('is in none of the processes that are shipped', async () => {
    const root = path.join(import.meta.dirname, '../..');
    const folders = [
      'warehouse/member-lifecycle/processes',
      'warehouse/flights/processes',
      'templates/project/processes',
    ];
    for (const folder of folders)
      for (const name of readdirSync(path.join(root, folder))) {
        const file = path.join(root, folder, name);
        const { spec } = readProcess({ file, root: path.dirname(path.dirname(file)), problems: [] });
        if (spec !== undefined)
          expect(joinsWithoutHours(await parsedQuery(spec.sql), spec), name).toEqual([]);
      }
  });
});

describe('hours of the session among what a query returns', () => {
  const returned = async (sql: string, pattern: 'stateless' | 'stateful' | 'dimension' = 'stateful') =>
    hoursReturned(await parsedQuery(sql), { pattern });

  it.each([
    ['select $range_start as h, count(*) as n from c', ['range_start']],
    ["select ts, date_diff('hour', ts, $last_hour) as left_hours from c", ['last_hour']],
    ['select ts, n from c union all select $First_Hour, max(n) from r', ['first_hour']],
    [
      'with x as (select ts from c) select greatest(ts, $first_hour) as a, $range_end as b from x',
      ['first_hour', 'range_end'],
    ],
  ])('are found: %s', async (sql, names) => {
    expect(await returned(sql)).toEqual(names);
  });

  it.each([
    'select ts, n from c where ts >= $range_start and ts < $range_end',
    "select date_trunc('hour', ts) as h, count(*) filter (where ts >= $range_start) as n from c group by 1",
    'select unnest(generate_series($first_hour, $last_hour, interval 1 hour)) as h, 1 as n',
    'select ts, case when ts < $range_start then 1 end as n from c',
    'select ts, $psyberg_session_id as made_by from c',
  ])('are none: %s', async (sql) => {
    expect(await returned(sql)).toEqual([]);
  });

  it('are the hour itself in a dimension', async () => {
    expect(await returned('select $range_start as h, count(*) as n from c', 'dimension')).toEqual([]);
  });

  it('are a warning of the plan', async () => {
    const session = sessionOf({ pattern: 'stateful', sources: { c: { added: [1], vtts: 3 } } });
    const tree = await parsedQuery('select $range_start as h, count(*) as n from c');
    expect(warningsOf(planSession(session), session.spec, judgeRows(tree, session.spec))).toEqual([
      expect.objectContaining({ code: 'hours-not-alone' }),
      expect.objectContaining({
        code: 'hours-of-session',
        message: expect.stringContaining('some_load returns $range_start, which depends on the hours'),
        hint: expect.stringContaining("date_trunc('hour', …)"),
      }),
    ]);
  });
});

describe('a window that makes most of a plan necessary', () => {
  it('is said, with how many hours', () => {
    const window = { beforeHours: 1000, afterHours: 0 };
    const spec = specOf({ pattern: 'stateful', sources: { c: {}, r: {} } });
    const sources = spec.sources.map((source, index) => (index === 1 ? { ...source, window } : source));
    const session = sessionOf({
      pattern: 'stateful',
      spec: { sources },
      completeTo: 1500,
      sources: { c: { vtts: 1500 }, r: { added: [3], vtts: 1500 } },
    });
    const plan = planSession({ ...session, openedAtMs: session.openedAtMs + 1600 * 3_600_000 });
    expect(plan.hours).toHaveLength(1001);
    expect(warningsOf(plan, session.spec, judgeRows({}, session.spec))).toEqual([
      expect.objectContaining({
        code: 'wide-window',
        message: expect.stringMatching(
          /^1000 of the 1001 hours are computed again only because rows of raw\.r/,
        ),
      }),
    ]);
  });
});

describe('a key by which the query compares nothing', () => {
  const window = { beforeHours: 24, afterHours: 0, key: 'Account' };
  const lookup = { onChange: 'restate', key: 'account' } as const;
  const sources = SOURCES.map((source) =>
    source.alias === 'r' ? { ...source, window } : source.alias === 'd' ? { ...source, lookup } : source,
  );
  const found = async (sql: string): Promise<string[]> =>
    keysNotCompared(await parsedQuery(sql), { pattern: 'stateful', sources }).map(({ alias }) => alias);

  it.each([
    'select c.account, r.x from c left join r on r.device = c.device',
    'select * from c join r using (device) where r.ts <= c.ts order by account',
  ])('is told: %s', async (sql) => {
    expect(await found(sql)).toEqual(['r', 'd']);
  });

  it.each([
    'select c.id, r.x from c left join r on r.account = c.owner',
    'select * from c join r using (ACCOUNT)',
    'select * from c natural join r',
    'select * from c where account in (select account from r)',
    'select * from c where exists (from r where r.account = c.account)',
    'select lag(x) over (partition by account order by ts) from r',
    'select account, count(*) from r group by account',
  ])('is none: %s', async (sql) => {
    expect(await found(sql)).toEqual([]);
  });
});
