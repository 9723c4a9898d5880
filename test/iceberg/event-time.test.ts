// Goal: partitions that differ stay different. Method: tuples as DuckDB writes them, as data.
import { expect, it } from 'vitest';
import { partitionTuple } from '../../src/iceberg/event-time.ts';

const spec = (...names: string[]) => ({
  'spec-id': 0,
  fields: names.map((name, index) => ({
    name,
    'source-id': index + 1,
    'field-id': 1000 + index,
    transform: 'identity',
  })),
});

it.each([
  [
    'integers of 64 bits',
    '{"a":9007199254740993,"b":-9223372036854775808}',
    { a: '9007199254740993', b: '-9223372036854775808' },
  ],
  ['integers that a number holds', '{"a":9007199254740991,"b":1}', { a: 9007199254740991, b: 1 }],
  [
    'decimals of many digits',
    '{"a":0.12345678901234567890,"b":1.5}',
    { a: '0.12345678901234567890', b: 1.5 },
  ],
  [
    'texts of digits, and of what looks like a number',
    '{"a":"9007199254740993","b":"x:NaN,"}',
    { a: '9007199254740993', b: 'x:NaN,' },
  ],
  ['floats that are no numbers', '{"a":NaN,"b":-Infinity}', { a: 'NaN', b: '-Infinity' }],
  ['names that the writer spelled otherwise, by their place', '{"a_x20b":5,"b":6}', { 'a b': 5, b: 6 }],
  ['values of other specs, by their names', '{"z":7,"b":6,"a":5}', { a: 5, b: 6 }],
  ['no partition', null, { a: null, b: null }],
])('reads %s', (_what, json, tuple) => {
  expect(partitionTuple(json, spec(...Object.keys(tuple)))).toEqual(tuple);
});
