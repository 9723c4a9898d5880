// Goal: a statement with its values spelled out is the one with bound values: the same types, the same values, and
// nothing is taken for a parameter that is none. Method: DuckDB says what arrives of both.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BoundValue, bindDeclared } from '../../src/engine/bind.ts';
import { type Engine, openEngine } from '../../src/engine/index.ts';
import { withSpelledValues } from '../../src/engine/spelled-values.ts';
import { sqlTypeOf } from '../../src/statements/index.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine({ threads: 1, memoryLimit: '500MB' });
});
afterAll(() => engine.close());

const declared = (type: string) => [
  {
    name: 'x',
    type: sqlTypeOf(type.replace(' NULL', '')) as NonNullable<ReturnType<typeof sqlTypeOf>>,
    nullable: type.endsWith(' NULL'),
    optional: false,
    inside: [],
  },
];
const spelled = (sql: string, type: string, value: BoundValue) =>
  withSpelledValues(sql, bindDeclared('a/b', declared(type), { x: value }));

describe('a value that is spelled out', () => {
  it.each<[string, BoundValue]>([
    ['BIGINT', -(2n ** 63n)],
    ['BIGINT', 5],
    ['INTEGER', -7],
    ['DOUBLE', 1e300],
    ['BOOLEAN', false],
    ['VARCHAR', "it's $x -- \\ 'quoted'"],
    ['JSON', '[1]'],
    ['TIMESTAMP', '2023-09-14T05:00:00.123456Z'],
    ['TIMESTAMP', -63555000000000000n],
    ['TIMESTAMPTZ', '2023-09-14T05:00:00+02:00'],
    ['TIMESTAMPTZ', 253402300799999999n],
    ['DATE', '1969-12-31'],
    ['BIGINT[]', [1, 9007199254740993n]],
    ['VARCHAR[]', ["a'b", '1']],
    ['DATE[]', []],
    ['TIMESTAMP[]', ['2023-09-14T05:00:00Z']],
    ['BIGINT NULL', null],
  ])('of %s is the bound one: %s', async (type, value) => {
    const sql = 'select typeof(x) as type, x::varchar as text from (select $x as x)';
    const text = spelled(sql, type, value) as string;
    expect(text).not.toContain('$x as x');
    const bound = { sql, parameters: { x: value }, declared: { name: 'a/b', parameters: declared(type) } };
    expect(await engine.query({ sql: text, parameters: {} })).toEqual(await engine.query(bound));
  });

  it('stands for parameters alone, and for the name of a file without a cast', () => {
    expect(spelled('select \'$x\', "$x", $$ $x $$, $x -- $x\n, /* $x */ $x', 'BIGINT', 5)).toBe(
      'select \'$x\', "$x", $$ $x $$, cast(5 as BIGINT) -- $x\n, /* $x */ cast(5 as BIGINT)',
    );
    expect(spelled('copy (select $x) to $x (format parquet)', 'VARCHAR', "a'b")).toBe(
      "copy (select cast('a''b' as VARCHAR)) to 'a''b' (format parquet)",
    );
  });

  it('has to have a plain spelling, and a type', () => {
    expect(spelled('select $x', 'BLOB', new Uint8Array([0]))).toBeUndefined();
    expect(spelled('select $x', 'DOUBLE', 0.1)).toBeUndefined();
    expect(withSpelledValues('select $x', { values: { x: 5 }, types: {} })).toBeUndefined();
  });
});
