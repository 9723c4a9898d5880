// Goal: what a refusal of columns says can be followed as it stands. Method: differences as data, and the whole
// text of message and hint.
import { describe, expect, it } from 'vitest';
import { parseColumnType } from '../../src/engine/index.ts';
import { fitColumns } from '../../src/iceberg/fit-columns.ts';
import type { NestedField } from '../../src/iceberg/table-metadata.ts';
import type { PsybergError } from '../../src/model/errors.ts';
import { refuseColumns, refuseMissingEventTime } from '../../src/workload/columns/refuse-columns.ts';

const field = (name: string, type: NestedField['type'], required = false): NestedField => ({
  id: 1,
  name,
  type,
  required,
});
const SCHEMA = {
  type: 'struct' as const,
  'schema-id': 0,
  fields: [
    field('id', 'int', true),
    field('ts', 'timestamptz'),
    field('local', 'timestamp'),
    field('Order', 'int'),
    field('s', { type: 'struct', fields: [field('a', 'int'), field('due', 'timestamptz')] }),
  ],
};
const EXACT = {
  id: 'INTEGER',
  ts: 'TIMESTAMP WITH TIME ZONE',
  local: 'TIMESTAMP',
  Order: 'INTEGER',
  s: 'STRUCT(a INTEGER, due TIMESTAMP WITH TIME ZONE)',
};

function refusal(
  changed: Readonly<Record<string, string | undefined>>,
  onSchemaChange: 'refuse' | 'append' | 'ignore' = 'refuse',
  more: { readonly engine?: 'spark' } = {},
): string | undefined {
  const context = {
    target: { table: 'facts.t', exists: true, format_version: 2 },
    root: '/p',
    spec: { file: '/p/processes/a.sql', target: {}, onSchemaChange, ...more },
  };
  const columns = Object.entries({ ...EXACT, ...changed }).flatMap(([name, type]) =>
    type === undefined ? [] : [{ name, type: parseColumnType(type) }],
  );
  try {
    refuseColumns(context as never, SCHEMA, fitColumns(columns, SCHEMA.fields));
    return undefined;
  } catch (error) {
    const { code, message, hint } = error as PsybergError;
    return `${code}: ${message}\n${hint}`;
  }
}

describe('refuseColumns', () => {
  it('lets pass what fits, and new and missing columns where the process says so', () => {
    expect(refusal({})).toBeUndefined();
    expect(refusal({ Order: undefined, more: 'BIGINT' }, 'append')).toBeUndefined();
    expect(refusal({ Order: undefined, more: 'BIGINT' }, 'ignore')).toBeUndefined();
  });
  it.each(['refuse', 'append', 'ignore'] as const)('never goes on without a required column: %s', (mode) => {
    expect(refusal({ id: undefined }, mode)).toBe(
      'target-schema-mismatch: processes/a.sql does not return id, which the target facts.t requires\nadd the column to the select list',
    );
  });
  it.each([
    ['a new name', { Order: undefined, 'Order No': 'INTEGER' }],
    ['a new column', { 'Order No': 'STRUCT("select" INTEGER, b INTEGER)[]' }],
    ['a new column of a type that Iceberg does not have', { more: 'UTINYINT' }],
    ['a missing column', { Order: undefined }],
    ['a new and a missing field', { s: 'STRUCT(a INTEGER, due_at TIMESTAMP WITH TIME ZONE)' }],
    ['a new field', { s: 'STRUCT(a INTEGER, due TIMESTAMP WITH TIME ZONE, b INTEGER)' }],
    ['a missing field', { s: 'STRUCT(due TIMESTAMP WITH TIME ZONE)' }],
    ['no zone', { ts: 'TIMESTAMP' }],
    ['a date', { ts: 'DATE' }],
    ['a zone', { local: 'TIMESTAMP WITH TIME ZONE' }],
    ['no zone inside', { s: 'STRUCT(a INTEGER, due TIMESTAMP)' }],
    ['a number', { Order: 'DOUBLE' }],
    ['numbers, also inside', { Order: 'DOUBLE', s: 'STRUCT(a DOUBLE, due TIMESTAMP WITH TIME ZONE)' }],
    ['another kind', { s: 'INTEGER[]' }],
  ])('says what to do about %s', (_what, changed) => {
    expect(refusal(changed)).toMatchSnapshot();
  });
});

describe('what is said of a query on Spark', () => {
  it.each([
    ['no zone', { ts: 'TIMESTAMP' }, 'cast(ts as timestamp) as ts'],
    ['a zone', { local: 'TIMESTAMP WITH TIME ZONE' }, 'cast(local as timestamp_ntz) as local'],
    ['a date', { ts: 'DATE' }, 'cast(ts as timestamp) as ts'],
    ['a number', { Order: 'DOUBLE' }, 'cast(`Order` as int) as `Order`'],
    ['another kind', { s: 'INTEGER[]' }, 'a value of struct<`a`: int, `due`: timestamp>'],
    ['a new name', { Order: undefined, 'Order No': 'INTEGER' }, '`Order No` as `Order`'],
  ])('is Spark SQL: %s', (_what, changed, written) => {
    expect(refusal(changed, 'refuse', { engine: 'spark' })).toContain(written);
    expect(refusal(changed, 'refuse', { engine: 'spark' })).not.toMatch(/::|at time zone/);
  });
});

describe('the event time with which a target is created', () => {
  const refused = (type: string, exists = false): string | undefined => {
    const context = {
      target: { table: 'facts.t', exists },
      root: '/p',
      spec: { processName: 'a', file: '/p/processes/a.sql', target: { eventTime: 'At' } },
    };
    try {
      refuseMissingEventTime(context as never, [{ name: 'at', type: parseColumnType(type) }]);
      return undefined;
    } catch (error) {
      const { code, message, hint } = error as PsybergError;
      return `${code}: ${message}\n${hint}`;
    }
  };

  it.each(['TIMESTAMP', 'TIMESTAMP WITH TIME ZONE', 'TIMESTAMP_NS', 'DATE'])('may be a %s', (type) =>
    expect(refused(type)).toBeUndefined(),
  );
  it.each(['BIGINT', 'VARCHAR'])('is no %s', (type) => expect(refused(type)).toMatchSnapshot());
  it('is judged by the target, where that is there', () => expect(refused('BIGINT', true)).toBeUndefined());
});
