// Goal: the schema of an Avro file is found in its first bytes, and what is cut or no Avro file has none. Method: headers
// made by hand.
import { expect, it } from 'vitest';
import { avroSchemaIn } from '../../src/iceberg/avro-header.ts';

const text = (value: string): Buffer => {
  const bytes = Buffer.from(value);
  // Zig-zag: lengths up to 63 are one byte.
  return Buffer.concat([Buffer.from([bytes.length * 2]), bytes]);
};
const header = (entries: readonly (readonly [string, string])[]): Buffer =>
  Buffer.concat([
    Buffer.from('Obj\u0001'),
    Buffer.from([entries.length * 2]),
    ...entries.flatMap(([key, value]) => [text(key), text(value)]),
    Buffer.from([0]),
    Buffer.alloc(16, 7),
  ]);

const SCHEMA = '{"type":"record","name":"entry","fields":[]}';
const FILE = header([
  ['format-version', '2'],
  ['avro.schema', SCHEMA],
  ['content', 'data'],
]);

it('is the schema, whatever stands beside it', () => {
  expect(avroSchemaIn(FILE)).toBe(SCHEMA);
});
it.each(Array.from({ length: FILE.length - 16 }, (_each, length) => length))(
  'is nothing in the first %i bytes, in which the header does not end',
  (length) => {
    expect(avroSchemaIn(FILE.subarray(0, length))).toBeUndefined();
  },
);
it.each([
  ['a file of another format', Buffer.from('PAR1 and what follows')],
  ['a header without a schema', header([['content', 'data']])],
  ['no byte', Buffer.alloc(0)],
])('is nothing in %s', (_name, file) => {
  expect(avroSchemaIn(file)).toBeUndefined();
});
