// Goal: everything that can be known without data is told at once, with its place. Method: small projects, each
// with its faults; what is right is found to be so.
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { checkProjectFolder } from '../../src/check/check-files.ts';
import { EVENTS, foundIn, lineOf, problemsOf, processOf, projectWith, REQUESTS } from './project.ts';

describe('queries', () => {
  it('are bound, and every wrong column is told', async () => {
    expect(
      await foundIn(
        "select event_id, 'ä€' as text, e.evnt_ts, event_ts,\n  knd, $process_name as p\nfrom e where idd = 1",
      ),
    ).toEqual([
      'processes/a.sql:8:32 error process-sql-failed e has no column evnt_ts',
      'processes/a.sql:9:3 error process-sql-failed there is no column knd',
      'processes/a.sql:10:14 error process-sql-failed there is no column idd',
    ]);
  });

  it.each([
    [
      'select event_id, event_ts from e group bye event_id',
      'processes/a.sql:8:40 error process-sql-failed syntax error at or near "bye"',
    ],
    [
      'select event_id, event_ts from ee',
      'processes/a.sql:8:32 error table-not-declared a_load reads ee, which is none of its sources',
    ],
    [
      'select upper(event_id, 2) as x, event_ts from e',
      "processes/a.sql:8:8 error process-sql-failed No function matches the given name and argument types 'upper(BIGINT, INTEGER_LITERAL)'",
    ],
    [
      'select nosuch(event_id) as x, event_ts from e',
      'processes/a.sql:8:8 error process-sql-failed there is no scalar function nosuch',
    ],
    [
      'select event_ts, count(*) as n from e',
      'processes/a.sql:8:8 error process-sql-failed column "event_ts" must appear in the GROUP BY clause or must be part of an aggregate function',
    ],
    [
      'select event_ts from e where $first_hour + 1 > event_ts',
      "processes/a.sql:8:42 error process-sql-failed No function matches the given name and argument types '+(TIMESTAMP, INTEGER_LITERAL)'",
    ],
  ])('%s', async (sql, problem) => {
    const found = await foundIn(sql);
    expect(found.filter((each) => !/source-unused|hours-not-alone/.test(each))).toEqual([problem]);
  });

  it.each([
    'select event_id, event_ts, $process_name as p from e where event_ts >= $first_hour',
    'with x as (select event_id, event_ts from e) select x.event_id, x.event_ts from x',
    'select event_ts, unnest([1, 2]) as n from e where event_ts between $range_start and $range_end',
    'select event_ts, event_id as "größe" from e order by all',
    "pivot (select event_ts, kind from e) on kind in ('a') using count(*)",
  ])('is right: %s', async (sql) => {
    expect(await foundIn(sql)).toEqual([]);
  });

  it('of a dimension are bound over what they make of themselves', async () => {
    const dimension = { pattern: 'dimension', target: '{ table: dims.a, event_time: hour }' };
    const sql = (kind: string, of = 'e') =>
      `select coalesce(e.account_id, p.account_id) as account_id, $first_hour as hour,\n  coalesce(max(${of}.${kind}), any_value(p.kind)) as kind\nfrom previous p full join e using (account_id) group by 1`;
    expect(await foundIn(sql('kind'), dimension)).toEqual([]);
    expect(await foundIn(sql('knd'), dimension)).toEqual([
      'processes/a.sql:9:16 error process-sql-failed e has no column knd',
    ]);
    expect(
      await foundIn(
        'select account_id, $first_hour as hour, p.nothing as n from previous p join e using (account_id)',
        dimension,
      ),
    ).toEqual([expect.stringContaining('error previous-column')]);
  });

  it('bind over what the process returns that writes their source, in whatever order', async () => {
    const chain = (column: string) => ({
      'tables/raw/events.sql': EVENTS,
      'processes/a.sql': processOf('a_load', `select event_id, event_ts, ${column} as n from b`, {
        sources: ['{ table: facts.b_load, event_time: event_ts, alias: b }'],
      }),
      'processes/b.sql': processOf('b_load', 'select event_id, event_ts, length(kind) as size from e'),
    });
    expect(await problemsOf(chain('size'))).toEqual([]);
    expect(await problemsOf(chain('kind'))).toEqual([
      'processes/a.sql:8:28 error process-sql-failed there is no column kind',
    ]);
  });
});

describe('headers', () => {
  it('name columns that are there', async () => {
    const audits =
      'audits:\n  - not_null: { columns: [event_id, nothing] }\n  - unique: { columns: [event_id] }\n  - sql: audits/x.sql\n';
    expect(
      await foundIn(
        'select event_id, event_ts, kind from e',
        {
          target:
            '\n  table: facts.a\n  event_time: event_tss\n  partition_by: [hour(event_ts), bucket(16, evnt_id), day(kind)]',
          sources: ['{ table: raw.events, event_time: evnt_ts, alias: e }'],
          more: audits,
        },
        { 'audits/x.sql': "-- kinds\nselect * from staged\nwhere kid = 'x'\n" },
      ),
    ).toEqual([
      'audits/x.sql:3:7 error audit-sql-failed x of a_load: there is no column kid',
      "processes/a.sql:5:38 error event-time-missing the source raw.events has no column 'evnt_ts'",
      'processes/a.sql:8:15 error target-event-time the query does not return event_tss, the event time of its target; it returns event_id, event_ts, kind',
      'processes/a.sql:9:34 error partition-column-missing the query does not return evnt_id, by which its target is partitioned',
      'processes/a.sql:9:55 error partition-type day does not take kind, which the query returns as VARCHAR',
      'processes/a.sql:11:37 error audit-sql-failed not_null of a_load: there is no column nothing',
    ]);
  });

  it('name event times of a type that has hours, and keys that both sides have', async () => {
    expect(
      await foundIn(
        'select event_id, event_ts from e left join r using (account_id)',
        {
          sources: [
            '{ table: raw.events, event_time: ms, alias: e }',
            '{ table: raw.requests, event_time: request_ts, alias: r, window: { before: 1d, key: event_id } }',
          ],
        },
        { 'tables/raw/requests.sql': REQUESTS },
      ),
    ).toEqual([
      'processes/a.sql:5:38 error event-time-type the event time raw.events.ms is of type BIGINT, expected a timestamp, a date, or an integer with a unit',
      "processes/a.sql:6:89 error window-key-missing raw.requests has no column 'event_id', by which a window of a_load is to be narrowed",
    ]);
    expect(
      await foundIn('select event_id, event_ts from e', {
        sources: ['{ table: raw.events, event_time: ms, event_time_unit: epoch_ms, alias: e }'],
      }),
    ).toEqual([]);
  });

  it('name keys of lookups that the lookup and another source have', async () => {
    const lookup = (key: string): Promise<string[]> =>
      foundIn(
        'select event_id, event_ts from e join r using (account_id)',
        {
          sources: [
            '{ table: raw.events, event_time: event_ts, alias: e }',
            `{ table: raw.requests, alias: r, lookup: true, on_change: restate, key: ${key} }`,
          ],
        },
        { 'tables/raw/requests.sql': REQUESTS },
      );
    expect(await lookup('account_id')).toEqual([]);
    expect(await lookup('event_id')).toEqual([
      "processes/a.sql:6:77 error lookup-key-missing the lookup raw.requests has no column 'event_id'",
    ]);
    expect(await lookup('request_ts')).toEqual([
      "processes/a.sql:6:77 error lookup-key-missing no source of a_load but the lookup raw.requests has a column 'request_ts'",
    ]);
  });

  it('say the columns of files', async () => {
    const files = (sql: string): Promise<string[]> =>
      problemsOf({
        'processes/a.sql': processOf('a_load', sql, {
          pattern: 'stateless',
          sources: ["{ files: 'in/*.csv', alias: e, columns: { id: bigint, ts: timestamptz } }"],
          target: '{ table: facts.a }',
        }),
      });
    expect(await files('select id + 1 as id, ts, filename from e')).toEqual([]);
    expect(await files('select id, tss from e')).toEqual([
      'processes/a.sql:8:12 error process-sql-failed there is no column tss',
    ]);
  });

  it('declare variables and parameters of audits, which are bound by their types', async () => {
    const files = {
      'psyberg.yaml': 'name: x\ncatalog: { warehouse: w }\nvars: { least: 2, day: 2023-09-14 }\n',
      'audits/among.sql':
        '-- @param column IDENTIFIER\n-- @param allowed VARCHAR[]\nselect * from staged where {{column}} not in (select unnest($allowed)) and event_ts < $day\n',
    };
    const more =
      'audits:\n  - among: { column: kind, allowed: [a] }\n  - accepted_values: { column: event_id, values: [1, 2] }\n  - freshness: { column: event_ts, max_age: 3h }\n  - expression: { sql: event_id >= $least }\n';
    const sql = 'select event_id, event_ts, kind from e where event_id >= $least and event_ts >= ';
    expect(await foundIn(`${sql}$day`, { more }, files)).toEqual([]);
    expect(await foundIn(`${sql}$least`, { more }, files)).toEqual([
      expect.stringMatching(/^processes\/a\.sql:13:78 error process-sql-failed Cannot compare/),
    ]);
  });

  it('with faults of their own hide nothing of others', async () => {
    expect(
      await problemsOf({
        'tables/raw/events.sql': EVENTS,
        'processes/a.sql': processOf('a_load', 'select nothing, event_ts from e'),
        'processes/b.sql': processOf('b_load', 'select 1', { more: 'tarrget: x\n' }),
        'processes/c.sql': processOf('c_load', 'select event_ts from b', {
          sources: ['{ table: facts.b_load, event_time: event_ts, alias: b }'],
        }),
        'processes/d.sql': processOf('d_load', 'select event_ts from c', {
          sources: ['{ table: facts.e_load, event_time: event_ts, alias: c }'],
        }),
        'processes/e.sql': processOf('e_load', 'select event_ts from c', {
          sources: ['{ table: facts.d_load, event_time: event_ts, alias: c }'],
        }),
        'processes/f.sql': processOf('f_load', 'select event_ts from e', {
          target: '{ table: facts.a_load, event_time: event_ts }',
        }),
      }),
    ).toEqual([
      'processes/a.sql:8:8 error process-sql-failed there is no column nothing',
      "processes/b.sql:7:1 error process-file-invalid unknown key 'tarrget'",
      expect.stringMatching(/^processes\/d\.sql:5:14 error process-circle/),
      'processes/f.sql:6:18 error target-written-twice the target facts.a_load is already written by a_load in processes/a.sql',
    ]);
  });

  it('state tables are no sources, as events or as lookups', async () => {
    const source = (table: string, more: string) => `{ table: ${table}, alias: s, ${more} }`;
    const found = await problemsOf({
      'tables/raw/events.sql': EVENTS,
      'processes/a.sql': processOf('a_load', 'select created_at from s', {
        sources: [source('psyberg.psyberg_session_f', 'event_time: created_at')],
      }),
      'processes/b.sql': processOf('b_load', 'select e.event_ts, s.rows from e, s', {
        sources: [
          '{ table: raw.events, event_time: event_ts, alias: e }',
          source('psyberg.psyberg_file_f', 'lookup: true'),
        ],
      }),
    });
    expect(found.filter((each) => each.includes('state-table'))).toEqual([
      "processes/a.sql:5:14 error source-is-state-table the source psyberg.psyberg_session_f is the project's session_table, which every session rewrites",
      "processes/b.sql:6:14 error source-is-state-table the source psyberg.psyberg_file_f is the project's file_table, which every session rewrites",
    ]);
  });

  it('a psyberg.yaml that is wrong keeps no process from being checked', async () => {
    expect(
      await foundIn(
        'select nothing, event_ts from e',
        {},
        { 'psyberg.yaml': 'name: x\ncatalogue: { warehouse: w }\n' },
      ),
    ).toEqual([
      'processes/a.sql:8:8 error process-sql-failed there is no column nothing',
      expect.stringMatching(/^psyberg\.yaml:1:1 error project-file-invalid missing key 'catalog'/),
      expect.stringMatching(/^psyberg\.yaml:2:1 error project-file-invalid unknown key 'catalogue'/),
    ]);
  });
});

describe('audits/', () => {
  it('are named by a process, or nobody runs them', async () => {
    const files = {
      'tables/raw/events.sql': EVENTS,
      'audits/kinds.sql': "select * from staged where kind = 'x'\n",
      'audits/spare.sql': 'select * frm staged\n',
      'processes/a.sql': processOf('a_load', 'select event_id, event_ts, kind from e', {
        more: 'audits:\n  - sql: audits/kinds.sql\n',
      }),
    };
    expect(await problemsOf(files)).toEqual([
      'audits/spare.sql:1:1 warning audit-unused no process names this audit, so it is never run',
    ]);
    // A header that cannot be read may name it.
    const unread = await problemsOf({ ...files, 'processes/b.sql': 'select 1\n' });
    expect(unread.filter((line) => line.includes('audit-unused'))).toEqual([]);
  });
});

describe('tables/', () => {
  it('is DDL that creates the table of its name', async () => {
    const found = await problemsOf({
      'tables/raw/events.sql': EVENTS,
      'tables/raw/requests.sql':
        "create schema if not exists raw;\ncreate table raw.requests (\n  id bigint,\n  born timestampp\n) with ('format-version' = '2');\n",
      'tables/raw/other.sql': 'create table raw.another (id bigint);\n',
      'tables/lost.sql': 'create table lost (id bigint);\n',
      'processes/a.sql': processOf('a_load', 'select event_id, event_ts from e'),
    });
    expect(found).toEqual([
      expect.stringMatching(/^tables\/lost\.sql:1:1 error table-ddl-failed it lies in no folder/),
      'tables/raw/other.sql:1:1 error table-ddl-failed it creates no table raw.other',
      'tables/raw/other.sql:1:1 warning table-unused no process reads raw.other',
      'tables/raw/requests.sql:1:1 warning table-unused no process reads raw.requests',
      'tables/raw/requests.sql:4:8 error table-ddl-failed Type with name timestampp does not exist!',
    ]);
  });

  it('is UTF-8', async () => {
    const root = projectWith({
      'tables/raw/events.sql': EVENTS,
      'processes/a.sql': processOf('a_load', 'select event_id, event_ts from e'),
    });
    writeFileSync(`${root}/tables/raw/events.sql`, Buffer.from(`-- caf\u00e9\n${EVENTS}`, 'latin1'));
    const { problems } = await checkProjectFolder({ root });
    expect(problems.map(lineOf)).toEqual([
      'tables/raw/events.sql:1:7 error table-ddl-failed the byte 0xe9 is not UTF-8',
    ]);
  });

  it('is missed where nobody says the columns of a source', async () => {
    expect(await problemsOf({ 'processes/a.sql': processOf('a_load', 'select event_ts from e') })).toEqual([
      'processes/a.sql:5:14 warning source-columns-unknown the columns of raw.events are not known: there is no tables/raw/events.sql, and no warehouse; a_load is not bound',
    ]);
  });
});

describe('a check', () => {
  it('finds nothing in the projects that are shipped, and leaves no file', async () => {
    for (const name of ['member-lifecycle', 'flights']) {
      const root = `${import.meta.dirname}/../../warehouse/${name}`;
      expect(await checkProjectFolder({ root })).toEqual({ problems: [] });
    }
    const root = projectWith({
      'tables/raw/events.sql': EVENTS,
      'processes/a.sql': processOf('a_load', 'select event_ts from e'),
    });
    const before = readdirSync(root, { recursive: true }).map(String).sort();
    await checkProjectFolder({ root });
    expect(readdirSync(root, { recursive: true }).map(String).sort()).toEqual(before);
    expect(existsSync(`${root}/warehouse`)).toBe(false);
  });

  it('says how an integer or a text becomes a time', async () => {
    const source = (column: string) => [`{ table: raw.events, event_time: ${column}, alias: e }`];
    const hints = async (column: string): Promise<unknown> => {
      const sql = `select ms as event_ts, kind from e`;
      const files = {
        'tables/raw/events.sql': EVENTS,
        'processes/a.sql': processOf('a_load', sql, { sources: source(column) }),
      };
      const { problems } = await checkProjectFolder({ root: projectWith(files), environment: {} });
      return problems.map(({ code, hint }) => [code, hint]);
    };
    expect(await hints('kind')).toEqual([
      [
        'event-time-type',
        'name a column that says a time (event_ts); or load the table by a stateless process without event_time whose SQL makes a timestamp of kind, and read the target of that',
      ],
      [
        'target-event-time',
        'cast it: make_timestamptz(event_ts * 1000) as event_ts of epoch milliseconds, to_timestamp(event_ts) of seconds',
      ],
    ]);
    expect(await hints('ms')).toContainEqual([
      'event-time-type',
      'say at the source what it counts: event_time_unit: epoch_s, epoch_ms or epoch_us',
    ]);
  });

  it('reads tests, too', async () => {
    expect(
      await foundIn(
        'select event_ts from e',
        {},
        { 'tests/x.yaml': 'tests:\n  - name: one\n    proces: a_load\n' },
      ),
    ).toContainEqual(
      expect.stringMatching(/^tests\/x\.yaml:3:5 error test-file-invalid unknown key 'proces'/),
    );
  });

  it('reads the columns that rows of tests name', async () => {
    const test = [
      'tests:',
      '  - name: one',
      '    process: a_load',
      '    arrivals:',
      '      - rows:',
      '          raw.events:',
      '            - { event_id: 1, event_tz: 2023-09-14T05:00:00Z }',
      '            - { event_id: 2, event_tz: 2023-09-14T05:00:00Z, KIND: x }',
      '        expect: { rows: [{ id: 1 }, { event_id: 2 }] }',
    ];
    const found = await foundIn(
      'select event_id as id, event_ts from e',
      {},
      { 'tests/x.yaml': test.join('\n') },
    );
    expect(found).toEqual([
      "tests/x.yaml:7:40 error test-file-invalid raw.events has no column 'event_tz'",
      "tests/x.yaml:9:49 error test-file-invalid the target facts.a_load has no column 'event_id'",
    ]);
  });
});
