// Goal: an error of a user's own SQL, or of values that it meets, says file, line and audit, and exits 2; what
// no SQL can help is said as that. Method: one world, many processes over the same rows.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createWorld, hourAt, type ProcessFile, processFile, type World } from '../support/world.ts';

const AUDITS = {
  'audits/typo.sql': '-- rows before $first_hour\nselect *\nfrom staged where nope > 1\n',
  'audits/cast.sql': 'select * from staged\nwhere t::int > 1\n',
  'audits/comment.sql':
    '/* $last_hour */ select \'$first_hour\' as "$range_end" from staged where id < 0 -- $range_start\n',
};

function process(
  name: string,
  sql: string,
  header: { pattern?: string; audits?: readonly unknown[]; target?: object } = {},
): ProcessFile {
  const { pattern = 'stateless', audits = [], target = {} } = header;
  return processFile(
    {
      process_name: name,
      pattern,
      sources: [{ table: 'raw.e', event_time: 'ts' }],
      target: { table: `facts.${name}`, event_time: 'ts', ...target },
      audits,
    },
    sql,
  );
}
const audited = (name: string, audit: unknown, sql = 'select * from e'): ProcessFile =>
  process(name, sql, { audits: [audit] });

/** Of each process: its error's code, exit code, and the beginning of its message. */
const ERRORS: readonly (readonly [ProcessFile, string, RegExp])[] = [
  [
    process('cast_stateless', 'select id, ts,\n  t::int as n from e'),
    'process-sql-failed',
    /^processes\/cast_stateless\.sql:19:4 Conversion Error: Could not convert string 'abc' to INT32/,
  ],
  [
    process('cast_stateful', 'select id, ts, cast(t as int) as n\nfrom e', { pattern: 'stateful' }),
    'process-sql-failed',
    /^processes\/cast_stateful\.sql:18:16 Conversion Error/,
  ],
  [
    process('cast_dimension', "select date_trunc('hour', ts) as ts,\n max(t::int) as n from e group by 1", {
      pattern: 'dimension',
    }),
    'process-sql-failed',
    /^processes\/cast_dimension\.sql:19:7 Conversion Error/,
  ],
  // DuckDB names no place: the line in which the query begins.
  [
    process('overflow', 'select ts,\n id * 9223372036854775807 as n from e'),
    'process-sql-failed',
    /^processes\/overflow\.sql:18 Out of Range Error: Overflow/,
  ],
  [
    process('own_error', "select ts, case when id = 3 then error('no') end as n from e"),
    'process-sql-failed',
    /^processes\/own_error\.sql:18 Invalid Input Error: no/,
  ],
  [
    audited('no_column', { not_null: { columns: ['nope'] } }),
    'audit-sql-failed',
    /^processes\/no_column\.sql:16:5 the audit not_null of no_column cannot be run: Binder Error: Referenced column "nope" not found/,
  ],
  [
    audited('no_key', { unique: { columns: ['nope'], over: 'target' }, name: 'one_row' }),
    'audit-sql-failed',
    /^processes\/no_key\.sql:16:5 the audit one_row of no_key cannot be run: Binder Error: .*"nope"/,
  ],
  [
    audited(
      'other_type',
      { no_missing_events: { source: 'e', key: 'id' } },
      "select id || 'x' as id, ts from e",
    ),
    'audit-sql-failed',
    /^processes\/other_type\.sql:16:5 the audit no_missing_events of other_type cannot be run: Conversion Error/,
  ],
  [
    audited('typo', { sql: 'audits/typo.sql' }),
    'audit-sql-failed',
    /^audits\/typo\.sql:3:19 the audit typo of typo cannot be run: Binder Error: Referenced column "nope" not found/,
  ],
  [
    audited('cast_in_audit', { sql: 'audits/cast.sql', severity: 'warn' }),
    'audit-sql-failed',
    /^audits\/cast\.sql:2:8 the audit cast of cast_in_audit cannot be run: Conversion Error/,
  ],
  ...['bit', "enum('a', '1')", 'ubigint', 'json', 'tinyint', 'usmallint', 'uinteger'].map(
    (type, index) =>
      [
        process(`type_${index}`, `select ts, (id % 2)::varchar::${type} as x from e where id % 2 = 1`),
        'column-type-unsupported',
        /^processes\/type_\d\.sql:18 returns (the column x|a column) of type (BIT|ENUM|UBIGINT|JSON|TINYINT|USMALLINT|UINTEGER).* which Iceberg does not have; the target facts\.type_\d was not created$/,
      ] as const,
  ),
  [
    process('version_3', 'select ts, id::variant as x from e'),
    'column-type-unsupported',
    /^processes\/version_3\.sql:18 returns the column x of type VARIANT, which Iceberg has from format version 3 on/,
  ],
];

const RIGHT: readonly ProcessFile[] = [
  process(
    'in_comment',
    '-- rows of $first_hour\nselect id, /* $range_start */ ts from e -- by $process_name',
  ),
  process(
    'in_text',
    'select id, ts, \'costs $process_name\' as a, $$ $last_hour $$ as b, 1 as "$range_end" from e',
  ),
  process('in_stateful', "select id, ts, '$last_hour' as a, $first_hour as b from e -- $process_name", {
    pattern: 'stateful',
  }),
  process(
    'in_dimension',
    'select date_trunc(\'hour\', ts) as ts, 1 as "$last_hour" from e group by 1 -- $first_hour',
    {
      pattern: 'dimension',
    },
  ),
  audited('in_audit', { sql: 'audits/comment.sql' }),
  process('with_version_3', 'select ts, id::variant as x from e', {
    target: { properties: { 'format-version': 3 } },
  }),
];

let world: World;
const records = new Map<string, Awaited<ReturnType<World['run']>>[number]>();
beforeAll(async () => {
  world = await createWorld({ processes: [...ERRORS.map(([each]) => each), ...RIGHT], files: AUDITS });
  await world.create('raw.e', 'id bigint, ts timestamptz, t varchar');
  await world.land(
    'raw.e',
    `select i as id, timestamptz '${hourAt(0)}' as ts, if(i = 7, 'abc', i::varchar) as t from range(10) t(i)`,
  );
  for (const record of await world.run()) records.set(record.process_name, record);
}, 60_000);
afterAll(() => world.close());

describe("a user's SQL that fails", () => {
  it.each(ERRORS.map(([each, code, message]) => [each.header.process_name, code, message] as const))(
    '%s: %s with file and line, exit code 2',
    (name, code, message) => {
      expect(records.get(name)).toMatchObject({
        status: 'failed',
        published_snapshot_id: null,
        error: { code, kind: 'usage', context: { process_name: name }, retryable: false },
      });
      expect(records.get(name)?.error?.message).toMatch(message);
    },
  );

  it('is told what can be done: try_cast, the columns that there are, a cast, or a property', () => {
    const hint = (name: string): string => String(records.get(name)?.error?.hint);
    expect(hint('cast_stateless')).toContain('try_cast gives NULL for them');
    expect(hint('overflow')).not.toContain('try_cast');
    expect(hint('no_column')).toContain('the columns of the target are id, ts, t');
    expect(hint('type_0')).toBe('cast it in the select list: x::varchar as x');
    expect(hint('version_3')).toContain(
      '"properties: { format-version: 3 }" under target in processes/version_3.sql',
    );
  });

  it('leaves no branch and no target behind', async () => {
    expect(await world.leftovers()).toEqual([]);
    expect(await world.psyberg.internals.client.listTables(['facts'])).toHaveLength(RIGHT.length);
  });
});

describe('a parameter that stands in a comment, a text or a quoted name', () => {
  it.each(RIGHT.map((each) => each.header.process_name))('is none: %s is published', (name) => {
    expect(records.get(name)).toMatchObject({ status: 'published', error: null });
  });
});
