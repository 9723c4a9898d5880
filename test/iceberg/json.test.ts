// Goal: no digit of a 64-bit number is ever lost. Method: compare with the plain reviver, over fixed and
// random values.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseJson, renderJson } from '../../src/iceberg/json.ts';

const LONG = 4611686018427387905n;

describe('the JSON codec', () => {
  it('keeps snapshot ids above 2^53', () => {
    const text = `{"snapshot-id":${LONG},"parent-snapshot-id" : -9223372036854775808,"x":[9007199254740993]}`;
    expect(parseJson(text)).toEqual({
      'snapshot-id': LONG,
      'parent-snapshot-id': -9223372036854775808n,
      x: [9007199254740993n],
    });
  });
  it('makes small longs bigint too, also in lists of snapshot ids', () => {
    expect(parseJson('{"snapshot-id":1,"snapshot-ids":[1,2],"timestamp-ms":5}')).toEqual({
      'snapshot-id': 1n,
      'snapshot-ids': [1n, 2n],
      'timestamp-ms': 5,
    });
  });
  it('leaves text alone that only looks like a long', () => {
    const value = {
      doc: '"snapshot-id": 12, "snapshot-id":4611686018427387905}',
      other: '\u0001long 5',
      colon: ': 12345678901234567890',
    };
    expect(parseJson(JSON.stringify(value))).toEqual(value);
    expect(parseJson(`{"snapshot-id":1,"a":${JSON.stringify(value)}}`)).toEqual({
      'snapshot-id': 1n,
      a: value,
    });
  });
  it.each(['{"snapshot-id":01}', '{"snapshot-id":1', '{"snapshot-id":--1}', '', '{"a":1,}'])(
    'refuses %j',
    (text) => {
      expect(() => parseJson(text)).toThrow(SyntaxError);
    },
  );
  it('writes the default of a float with its point, without which Apache Iceberg does not read it', () => {
    const fields = `[{"type":"double","initial-default":1.0,"write-default":-2.5},{"type":"float","write-default":1e+21},{"type":"int","write-default":3}]`;
    expect(renderJson(parseJson(fields))).toBe(fields);
  });
  it('gives back every value that it rendered', () => {
    const leaf = fc.oneof(
      fc.string(),
      fc.boolean(),
      fc.constant(null),
      fc.integer(),
      fc.bigInt({ min: 2n ** 53n, max: 2n ** 63n - 1n }),
    );
    const long = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    const record = fc.record({
      'snapshot-id': long,
      'next-row-id': long,
      name: fc.string(),
      values: fc.array(leaf),
      inner: fc.dictionary(fc.string(), leaf),
    });
    fc.assert(
      fc.property(fc.array(record), (value) => {
        // A random key may be one of the long fields: then a number under it becomes a bigint, which is
        // right.
        fc.pre(
          !JSON.stringify(value, (_key, item) => (typeof item === 'bigint' ? 0 : item)).includes('__proto__'),
        );
        expect(parseJson(renderJson(value))).toEqual(value);
      }),
    );
  });
});
