// Goal: a cast that DuckDB makes when rows are written is allowed exactly when it keeps every value or fails.
// Method: values at the edges of each DuckDB type are cast to each Iceberg type and back, by DuckDB itself; so
// a pair that is allowed and loses, or that is refused and never loses, fails here.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Engine, openEngine, parseColumnType } from '../../src/engine/index.ts';
import { fitColumns, keepsValues } from '../../src/iceberg/fit-columns.ts';
import type { NestedField } from '../../src/iceberg/table-metadata.ts';
import { columnTypeText } from '../../src/model/column-type.ts';
import { duckdbTypeName } from '../../src/statements/index.ts';

/** Values of DuckDB's types, at their edges. */
const SAMPLES: Readonly<Record<string, readonly string[]>> = {
  BOOLEAN: ['true', 'false'],
  TINYINT: ['-128', '127', '2'],
  SMALLINT: ['-32768', '32767', '2'],
  INTEGER: ['-2147483648', '2147483647', '16777217', '2'],
  BIGINT: ['-9223372036854775808', '9223372036854775807', '9007199254740993', '2147483648', '16777217', '2'],
  HUGEINT: ['170141183460469231731687303715884105727', '9007199254740993', '9223372036854775808', '2'],
  UTINYINT: ['255', '2'],
  USMALLINT: ['65535', '2'],
  UINTEGER: ['4294967295', '16777217', '2'],
  UBIGINT: ['18446744073709551615', '9007199254740993', '2'],
  UHUGEINT: ['340282366920938463463374607431768211455', '9007199254740993', '2'],
  BIGNUM: ['9007199254740993', '2'],
  FLOAT: ['1.5', '0.123', '16777216', '2', '1e30', "'nan'", "'inf'"],
  DOUBLE: ['1.5', '0.123', '16777217', '2', '1e300', "'nan'"],
  'DECIMAL(4,2)': ['12.34', '0.55', '-99.99'],
  'DECIMAL(6,1)': ['99999.9', '2'],
  'DECIMAL(10,4)': ['1.2345', '123456.7891'],
  'DECIMAL(15,0)': ['999999999999999', '16777217', '2'],
  'DECIMAL(18,0)': ['999999999999999999', '9007199254740993', '2'],
  'DECIMAL(38,19)': ['0.1234567890123456789'],
  DATE: ["'2026-01-01'", "'0001-01-01'"],
  TIME: ["'05:06:07.123456'"],
  TIME_NS: ["'05:06:07.123456789'"],
  'TIME WITH TIME ZONE': ["'05:06:07+02'"],
  TIMESTAMP: ["'2026-01-01 05:06:07.123456'", "'2500-01-01'"],
  TIMESTAMP_S: ["'2026-01-01 05:06:07'"],
  TIMESTAMP_MS: ["'2026-01-01 05:06:07.123'"],
  TIMESTAMP_NS: ["'2026-01-01 05:06:07.123456789'"],
  'TIMESTAMP WITH TIME ZONE': ["'2026-01-01 05:06:07.123456Z'"],
  VARCHAR: [
    "'1.5'",
    "'true'",
    "'2026-01-01'",
    "'00000000-0000-0000-0000-0000000000ff'",
    "'a'",
    "'\\x41'",
    "'2026-01-01 05:06:07.123456789'",
    "'0.12345678901234567891'",
    "'ä'",
  ],
  JSON: ["'1.5'", "'0.12345678901234567891'", '\'{"a":1}\'', '\'"a"\''],
  UUID: ["'00000000-0000-0000-0000-0000000000ff'"],
  BLOB: ["'a'", "'\\xAA'"],
  BIT: ["'101'"],
  INTERVAL: ["'1 day'"],
};
const TARGETS = [
  ...[
    'boolean',
    'int',
    'long',
    'float',
    'double',
    'decimal(4, 2)',
    'decimal(10, 2)',
    'decimal(38, 0)',
    'date',
  ],
  ...['time', 'timestamp', 'timestamptz', 'timestamp_ns', 'string', 'uuid', 'binary'],
];

/** Allowed although another text may come back: `1` is true, and a UUID may be written in capitals. */
const READ_FROM_TEXT = ['VARCHAR to boolean', 'VARCHAR to uuid'];
/** Refused although DuckDB can go back: the value is the same only for who knows the rule. */
const ANOTHER_MEANING =
  /^(TIMESTAMP\S*|DATE) to timestamptz$|^TIMESTAMP WITH TIME ZONE to timestamp(_ns)?$|^BLOB to string$/;

describe('keepsValues', () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await openEngine();
  });
  afterAll(() => engine.close());

  /** What becomes of a value: the same again, another one, or an error. */
  async function fate(value: string, from: string, to: string): Promise<'same' | 'changed' | 'error'> {
    const original = `cast(${value} as ${from})`;
    const stored = `cast(${original} as ${duckdbTypeName(to)})`;
    // As texts, since not every pair of types has an equality or a way back.
    const sql = `select ${original}::varchar in (${stored}::varchar, try_cast(${stored} as ${from})::varchar) as same`;
    const rows = await engine.query<{ same: boolean }>({ sql, parameters: {} }).catch(() => undefined);
    return rows === undefined ? 'error' : rows[0]?.same === true ? 'same' : 'changed';
  }

  it.each(Object.keys(SAMPLES))('knows what becomes of %s in a column of each type', async (from) => {
    const wrong: string[] = [];
    for (const to of TARGETS) {
      const pair = `${from} to ${to}`;
      const fates = await Promise.all((SAMPLES[from] ?? []).map((value) => fate(value, from, to)));
      const allowed = keepsValues(from, to);
      if (allowed && fates.includes('changed') && !READ_FROM_TEXT.includes(pair)) wrong.push(`${pair} loses`);
      if (allowed && !fates.includes('same')) wrong.push(`${pair} is never possible`);
      if (!allowed && fates.includes('same') && !fates.includes('changed') && !ANOTHER_MEANING.test(pair))
        wrong.push(`${pair} keeps all`);
    }
    expect(wrong).toEqual([]);
  });
});

describe('fitColumns', () => {
  const field = (name: string, type: NestedField['type'], required = false): NestedField => ({
    id: 1,
    name,
    type,
    required,
  });
  const inner = [field('a', 'int'), field('b', 'timestamptz')];
  const schema = [
    field('k', 'string'),
    field('s', { type: 'struct', fields: inner }),
    field('l', {
      type: 'list',
      'element-id': 2,
      'element-required': false,
      element: { type: 'struct', fields: inner },
    }),
    field('m', {
      type: 'map',
      'key-id': 3,
      key: 'string',
      'value-id': 4,
      'value-required': false,
      value: 'int',
    }),
  ];
  const differencesOf = (columns: Readonly<Record<string, string>>) => {
    const differences = fitColumns(
      Object.entries(columns).map(([name, type]) => ({ name, type: parseColumnType(type) })),
      schema,
    );
    return {
      added: differences.added.map(({ path, type }) => `${path} ${columnTypeText(type)}`),
      missing: differences.missing.map(({ path }) => path),
      lossy: differences.lossy.map(({ path, from, to }) => `${path}: ${from} to ${to}`),
    };
  };
  const fitting = {
    K: 'VARCHAR',
    s: 'STRUCT(b TIMESTAMP WITH TIME ZONE, A INTEGER)',
    l: 'STRUCT(a BIGINT, b "NULL")[]',
    m: 'MAP(VARCHAR, SMALLINT)',
  };

  it('finds nothing where names agree without case, at any depth, and a NULL fits everywhere', () => {
    expect(differencesOf(fitting)).toEqual({ added: [], missing: [], lossy: [] });
    expect(differencesOf({ ...fitting, s: '"NULL"', l: '"NULL"[]', m: '"NULL"' })).toMatchObject({
      lossy: [],
      missing: [],
    });
    expect(differencesOf({ ...fitting, s: 'STRUCT(INTEGER, TIMESTAMP WITH TIME ZONE)' })).toMatchObject({
      missing: [],
    });
  });
  it('finds what came, went and would be changed, inside structs, lists and maps', () => {
    expect(
      differencesOf({
        s: 'STRUCT(a DOUBLE, b TIMESTAMP)',
        l: 'STRUCT(b TIMESTAMP WITH TIME ZONE, "c d" DECIMAL(2,1))[3]',
        m: 'MAP(VARCHAR, DOUBLE)',
        n: 'INTEGER[]',
      }),
    ).toEqual({
      added: ['n INTEGER[]', 'l.element.c d DECIMAL(2,1)'],
      missing: ['k', 'l.element.a'],
      lossy: ['s.a: DOUBLE to int', 's.b: TIMESTAMP to timestamptz', 'm.value: DOUBLE to int'],
    });
    expect(differencesOf({ ...fitting, s: 'INTEGER', k: 'STRUCT(a INTEGER)' }).lossy).toEqual([
      's: INTEGER to struct',
      'k: STRUCT(a INTEGER) to string',
    ]);
  });
});
