// Goal: what is sent to Spark says what the step says. Method: statements with values of every kind, texts and
// names that look like parameters, addresses as Spark's own clients take them, and Spark's words for mistakes.
import { describe, expect, it } from 'vitest';
import { scanSql } from '../../src/model/scan-sql.ts';
import { connectError } from '../../src/workload/spark/connect/errors.ts';
import { parseRemote, withToken } from '../../src/workload/spark/connect/remote.ts';
import { columnTypeOf, sparkTypeText } from '../../src/workload/spark/connect/types.ts';
import { rowOfJson } from '../../src/workload/spark/json-rows.ts';
import { sparkStatement } from '../../src/workload/spark/literals.ts';
import { refuseOtherReads } from '../../src/workload/spark/reads.ts';

const declared = (types: Readonly<Record<string, unknown>>) => ({
  name: 'x',
  parameters: Object.entries(types).map(([name, type]) => ({
    name,
    type,
    nullable: true,
    inside: [],
    optional: true,
  })),
});
const scalar = (name: string) => ({ kind: 'scalar', name });

describe('a statement', () => {
  it('names values with a colon, and only those that are parameters', () => {
    const sql = "select $a, '$a', 'it\\'s $a', `$a`, \"$a\", -- $a\n /* $a */ $b from t";
    expect(sparkStatement({ sql, parameters: { a: 1, b: 'x' } })).toEqual({
      sql: sql.replace('select $a', 'select :a').replace('$b from', ':b from'),
      values: { a: { integer: 1 }, b: { string: 'x' } },
    });
  });

  it('gives values the types of the header', () => {
    const { values } = sparkStatement({
      sql: 'select $t, $u, $d, $n, $big, $f, $yes, $none',
      parameters: {
        t: '2023-09-14T05:00:00Z',
        u: 1_694_667_600_000_123n,
        d: '2023-09-14',
        n: 7n,
        big: 3_000_000_000n,
        f: 1,
        yes: true,
        none: null,
      },
      declared: declared({
        t: scalar('TIMESTAMP'),
        u: scalar('TIMESTAMPTZ'),
        d: scalar('DATE'),
        f: scalar('DOUBLE'),
      }) as never,
    });
    expect(values).toEqual({
      t: { timestamp: '1694667600000000' },
      u: { timestamp: '1694667600000123' },
      d: { date: 19_614 },
      n: { integer: 7 },
      big: { long: '3000000000' },
      f: { double: 1 },
      yes: { boolean: true },
      none: { null: { null: {} } },
    });
  });

  it('writes lists out, texts with their quotes escaped', () => {
    const list = (item: string) => ({ kind: 'list', item: scalar(item) });
    const { sql } = sparkStatement({
      sql: 'select $hours, $texts, $nothing',
      parameters: { hours: [1n, 2n], texts: ["it's", 'a\\b'], nothing: [] },
      declared: declared({ hours: list('BIGINT'), texts: list('VARCHAR'), nothing: list('BIGINT') }) as never,
    });
    expect(sql).toBe("select array(1L, 2L), array('it\\'s', 'a\\\\b'), cast(array() as array<bigint>)");
  });

  it('is refused where a value is missing', () => {
    expect(() => sparkStatement({ sql: 'select $a', parameters: {} })).toThrow(/\$a is missing/);
  });
});

it('the SQL of Spark is read by its own rules', () => {
  expect(
    scanSql("select 'it\\'s' as `a $b`, r'\\' , $c", 'spark').parameters.map(({ name }) => name),
  ).toEqual(['c']);
  expect(scanSql('select `never closed', 'spark').unclosed).toMatchObject({ what: 'quoted name' });
});

describe('an address', () => {
  it('is taken as Spark writes it', () => {
    expect(parseRemote('sc://a.b:1234/;use_ssl=true;token=x%3D;user_id=me;x-tenant=t')).toEqual({
      host: 'a.b',
      port: 1234,
      usesTls: true,
      token: 'x=',
      userId: 'me',
      headers: { 'x-tenant': 't' },
    });
    expect(parseRemote('sc://[::1]')).toMatchObject({ host: '[::1]', port: 15002, usesTls: false });
    expect(parseRemote('sc://h/;token=x').usesTls).toBe(true);
  });

  it('leaves this machine with a token over TLS alone', () => {
    const given = (address: string) => withToken(parseRemote(address), 'from the environment');
    expect(given('sc://spark.internal')).toMatchObject({ token: 'from the environment', usesTls: true });
    expect(given('sc://127.0.0.1:7')).toMatchObject({ token: 'from the environment', usesTls: false });
    expect(given('sc://h/;token=own').token).toBe('own');
    expect(withToken(parseRemote('sc://h'), undefined)).toEqual(parseRemote('sc://h'));
  });

  it('is refused without being repeated', () => {
    for (const wrong of ['http://h', 'sc://', 'sc://h:x', 'sc://u:secret@h'])
      expect(() => parseRemote(wrong)).toThrow(
        expect.objectContaining({
          code: 'spark-remote-invalid',
          message: expect.not.stringContaining('secret'),
        }),
      );
  });
});

describe('a type', () => {
  const type = {
    struct: {
      fields: [
        { name: 'a', data_type: { decimal: { precision: 9, scale: 2 } } },
        { name: 'b`c', data_type: { array: { element_type: { timestamp_ntz: {} } } } },
        { name: 'm', data_type: { map: { key_type: { string: {} }, value_type: { short: {} } } } },
      ],
    },
  };
  it('has the words of the engine, and of Spark', () => {
    const { members } = columnTypeOf(type) as { members: readonly { type: unknown }[] };
    expect(members.map((each) => each.type)).toEqual([
      { kind: 'plain', name: 'DECIMAL(9,2)' },
      { kind: 'list', element: { kind: 'plain', name: 'TIMESTAMP' } },
      { kind: 'map', key: { kind: 'plain', name: 'VARCHAR' }, value: { kind: 'plain', name: 'INTEGER' } },
    ]);
    expect(sparkTypeText(type)).toBe(
      'struct<`a`: decimal(9, 2), `b``c`: array<timestamp_ntz>, `m`: map<string, smallint>>',
    );
  });
});

describe('a failure', () => {
  const remote = parseRemote('sc://h:1/;token=secret');
  const failure = (code: number, details: string) =>
    connectError(Object.assign(new Error(details), { code, details }), remote);

  it('of a statement says where, without the statement', () => {
    const error = failure(
      13,
      "[UNRESOLVED_COLUMN] A column `x` cannot be resolved. SQLSTATE: 42703; line 3 pos 4;\n'Project ['x]\n+- secret",
    );
    expect(error).toMatchObject({ code: 'sql-failed', context: { line: 3, column: 5 } });
    expect(error.message).toBe('[UNRESOLVED_COLUMN] A column `x` cannot be resolved. SQLSTATE: 42703');
  });

  it.each([
    "[CAST_INVALID_INPUT] The value 'x2' is malformed.\n== SQL (line 2, position 3) ==\n  cast('secret' as int)\n",
    // As Spark 3.5 says it.
    "Job aborted due to stage failure: Task 1 in stage 0.0 failed 1 times, most recent failure: Lost task 1.0 in stage 0.0 (TID 1) (localhost executor driver): org.apache.spark.SparkNumberFormatException: [CAST_INVALID_INPUT] The value 'x2' is malformed.\n== SQL(line 2, position 3) ==\n  cast('secret' as int)\n\tat org.apache.spark.x(Y.scala:145)",
  ])('of a value that a statement met says where, too: %s', (details) => {
    const error = failure(13, details);
    expect(error).toMatchObject({ code: 'sql-failed', context: { line: 2, column: 3 } });
    expect(error.message).toBe("[CAST_INVALID_INPUT] The value 'x2' is malformed.");
  });

  it.each([
    [14, 'Connection refused', 'spark-unreachable'],
    [16, 'Invalid token', 'spark-denied'],
    [12, 'unknown service', 'spark-unreachable'],
    [13, '[OPERATION_CANCELED] Operation has been canceled.', 'spark-session-lost'],
    [13, '[INVALID_HANDLE.SESSION_CLOSED] The handle is invalid.', 'spark-session-lost'],
    [13, '[INVALID_CURSOR.POSITION_NOT_AVAILABLE] The cursor is invalid.', 'spark-session-lost'],
    [13, 'org.apache.spark.SparkSQLException: [INVALID_HANDLE.SESSION_NOT_FOUND] x', 'spark-session-lost'],
    [13, 'java.lang.OutOfMemoryError', 'spark-failed'],
    [13, 'Job aborted due to stage failure: Task 1 failed: x.Y: [INTERNAL_ERROR] z', 'spark-failed'],
  ])('%i %s', (code, details, expected) => {
    expect(failure(code, details).code).toBe(expected);
    expect(JSON.stringify(failure(code, details))).not.toContain('secret');
  });
});

it('a row of JSON keeps all digits of its numbers', () => {
  expect(
    rowOfJson('{"id":9007199254740993,"n":7,"x":0.5,"s":"9007199254740993","of":[-9223372036854775808]}'),
  ).toEqual({
    id: 9_007_199_254_740_993n,
    n: 7,
    x: 0.5,
    s: '9007199254740993',
    of: [-9_223_372_036_854_775_808n],
  });
});

describe('what a query reads', () => {
  const spec = {
    sql: 'select 1',
    sources: [{ alias: 'e' }],
    processName: 'p',
    file: '/r/p.sql',
    sqlOffset: { line: 1, column: 1 },
  };
  const explained = (...leaves: string[]) =>
    `== Parsed Logical Plan ==\nx\n\n== Analyzed Logical Plan ==\na: int\nProject [a#1]\n${leaves.map((leaf) => `   +- ${leaf}\n`).join('')}\n== Optimized Logical Plan ==\nRelation [a#1] parquet\n`;
  const judge =
    (text: string, sql = spec.sql) =>
    () =>
      refuseOtherReads(text, { ...spec, sql } as never, '/r');

  it('may be its sources, and what makes rows of itself', () => {
    expect(
      judge(
        explained(
          'RelationV2[id#1L, ts#2] psyberg_session.sources.e psyberg_session.sources.e',
          'Range (0, 3, step=1)',
          'OneRowRelation',
        ),
      ),
    ).not.toThrow();
  });

  it.each([
    ['another table', explained('RelationV2[id#1L] lake.raw.x lake.raw.x')],
    ['a file', explained('Relation [id#1L] parquet')],
    ['a view', explained('View (`spark_catalog`.`default`.`v`, [id#1])')],
    ['a table that is named as the session', explained('RelationV2[psyberg_session.sources.e#1] lake.raw.x')],
  ])('may not be %s', (_what, text) => {
    expect(judge(text)).toThrow(expect.objectContaining({ code: 'table-not-declared' }));
  });

  it('may not name the tables of the session, which hold more than its rows', () => {
    expect(judge(explained(), 'select * from `Psyberg_Session`.sources.e')).toThrow(
      expect.objectContaining({ code: 'table-not-declared' }),
    );
  });
});
