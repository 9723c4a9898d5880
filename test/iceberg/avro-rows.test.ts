// Goal: rows of Avro files are what their writer put into them, to the last digit. Method: written and read
// again; files by hand for what is not written here.
import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { writeAvroHeader } from '../../src/iceberg/avro-header.ts';
import { readAvroRows, writeAvroRows } from '../../src/iceberg/avro-rows.ts';
import type { AvroObject } from '../../src/iceberg/avro-values.ts';
import type { AvroRecord, AvroType } from '../../src/model/avro-schema.ts';
import { MANIFEST_FILE } from '../../src/model/manifest-schema.ts';
import { propertySeed } from '../support/property-seed.ts';

const schemaOf = (
  ...fields: readonly (readonly [name: string, id: number, type: AvroType])[]
): AvroRecord => ({
  type: 'record',
  name: 'row',
  fields: fields.map(([name, id, type]) => ({ name, type, 'field-id': id })),
});

const PLAIN = schemaOf(
  ['flag', 1, 'boolean'],
  ['count', 2, 'int'],
  ['id', 3, ['null', 'long']],
  ['path', 4, 'string'],
  ['bytes', 5, ['null', 'bytes']],
  ['parts', 6, { type: 'array', items: schemaOf(['n', 8, 'long']) as AvroType, 'element-id': 7 }],
);

/** A file of one block, with the bytes of its rows. */
function fileOf(schema: unknown, codec: string | undefined, count: number, block: Buffer): Buffer {
  const marker = Buffer.alloc(16, 7);
  const entries = [
    ['avro.schema', Buffer.from(JSON.stringify(schema))],
    ...(codec === undefined ? [] : [['avro.codec', Buffer.from(codec)]]),
  ] as [string, Buffer][];
  return Buffer.concat([
    writeAvroHeader(entries),
    marker,
    Buffer.from([count * 2, block.length * 2]),
    block,
    marker,
  ]);
}

describe('rows of an Avro file', () => {
  it('are read as they were written', () => {
    const long = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    const row = fc.record({
      flag: fc.boolean(),
      count: fc.integer(),
      id: fc.option(long),
      path: fc.string({ unit: 'grapheme' }),
      bytes: fc.option(fc.uint8Array().map((bytes) => Buffer.from(bytes))),
      parts: fc.array(fc.record({ n: long })),
    });
    fc.assert(
      fc.property(fc.array(row), (rows) => {
        expect(readAvroRows(writeAvroRows(PLAIN, {}, rows as AvroObject[]), PLAIN)).toEqual(rows);
      }),
      { numRuns: 200, ...propertySeed() },
    );
  });

  it('have the names that are expected of their ids', () => {
    const written = schemaOf(['added_data_files_count', 504, 'int'], ['other', 9999, 'int']);
    const file = writeAvroRows(written, {}, [{ added_data_files_count: 3, other: 4 }]);
    expect(readAvroRows(file, MANIFEST_FILE)).toEqual([{ added_files_count: 3, other: 4 }]);
  });

  it('are read in every type, without a codec too', () => {
    const of = {
      type: 'record',
      name: 'row',
      fields: [
        { name: 'real', type: 'float', 'field-id': 1 },
        { name: 'double', type: 'double', 'field-id': 2 },
        { name: 'uuid', type: { type: 'fixed', name: 'two', size: 2 }, 'field-id': 3 },
        { name: 'again', type: 'two', 'field-id': 4 },
        { name: 'kind', type: { type: 'enum', name: 'kind', symbols: ['a', 'b'] }, 'field-id': 5 },
        { name: 'day', type: { type: 'int', logicalType: 'date' }, 'field-id': 6 },
        { name: 'map', type: { type: 'map', values: 'int' }, 'field-id': 7 },
      ],
    };
    const [float, double] = [Buffer.alloc(4), Buffer.alloc(8)];
    float.writeFloatLE(1.5);
    double.writeDoubleLE(-2.25);
    // A map of one entry in a block that says its length: -1, 3 bytes.
    const map = Buffer.from([1, 6, 2, 0x6b, 10, 0]);
    const block = Buffer.concat([float, double, Buffer.from([1, 2, 3, 4, 2, 9]), map]);
    const row = {
      real: 1.5,
      double: -2.25,
      uuid: Buffer.from([1, 2]),
      again: Buffer.from([3, 4]),
      kind: 'b',
      day: -5,
      map: { k: 5 },
    };
    const none = schemaOf();
    expect(readAvroRows(fileOf(of, undefined, 1, block), none)).toEqual([row]);
    // Two rows, so that what is passed over has to end where the next value begins.
    const twice = fileOf(of, undefined, 2, Buffer.concat([block, block]));
    for (const name of Object.keys(row) as (keyof typeof row)[])
      expect(readAvroRows(twice, none, { only: [name] })).toEqual([
        { [name]: row[name] },
        { [name]: row[name] },
      ]);
    expect(readAvroRows(fileOf(of, 'deflate', 1, deflateRawSync(block)), none)).toEqual([row]);
  });

  it('are only those, and only those fields, that are asked for', () => {
    const part = (n: bigint): AvroObject => ({ n });
    const row = (id: bigint | null, path: string, parts: readonly AvroObject[]): AvroObject => ({
      flag: true,
      count: -300,
      id,
      path,
      bytes: Buffer.from(path),
      parts,
    });
    const big = 2n ** 62n + 1n;
    const rows = [
      row(1n, 'one', [part(1n), part(big)]),
      row(null, 'none', []),
      row(big, 'big', [part(-big)]),
      row(1n, 'again', []),
    ];
    const file = writeAvroRows(PLAIN, {}, rows);
    const among = (...values: readonly bigint[]) => ({ field: 'id', values: new Set(values) });
    expect(readAvroRows(file, PLAIN, { only: ['path', 'id'], among: among(1n) })).toEqual([
      { id: 1n, path: 'one' },
      { id: 1n, path: 'again' },
    ]);
    expect(readAvroRows(file, PLAIN, { only: ['parts'], among: among(big, 7n) })).toEqual([
      { parts: [{ n: -big }] },
    ]);
    expect(readAvroRows(file, PLAIN, { only: ['path'], among: among() })).toEqual([]);
    // Rows that nobody can tell apart are not none.
    const gone = { field: 'gone', values: new Set([1n]) };
    expect(() => readAvroRows(file, PLAIN, { only: ['path'], among: gone })).toThrow(RangeError);
    expect(() => readAvroRows(file.subarray(0, file.length - 17), PLAIN, { only: [] })).toThrow(RangeError);
  });

  it('are told apart by integers of every length, which begin alike', () => {
    const schema = schemaOf(['path', 4, 'string'], ['id', 3, 'long'], ['bytes', 5, 'bytes']);
    const ids = [0n, 1n, -1n, 63n, 64n, -64n, -65n, 8191n, 8192n, 2n ** 20n, 2n ** 20n + 2n ** 40n]
      .flatMap((id) => [id, -id])
      .concat([2n ** 63n - 1n, -(2n ** 63n)]);
    const rows = [...new Set(ids)].map((id) => ({ path: `of ${id}`, id, bytes: Buffer.from('b') }));
    const file = writeAvroRows(schema, {}, rows);
    for (const row of rows) {
      const among = { field: 'id', values: new Set([row.id]) };
      expect(readAvroRows(file, schema, { only: ['path', 'id'], among })).toEqual([
        { path: row.path, id: row.id },
      ]);
    }
    const others = { field: 'id', values: new Set([2n, 2n ** 20n + 2n ** 41n, 2n ** 62n]) };
    expect(readAvroRows(file, schema, { only: ['id'], among: others })).toEqual([]);
  });

  it('are not guessed of a codec that is not known, nor of a file that ends too early', () => {
    expect(readAvroRows(fileOf(schemaOf(), 'snappy', 1, Buffer.from('x')), PLAIN)).toBeUndefined();
    const file = writeAvroRows(PLAIN, {}, [
      { flag: true, count: 1, id: 5n, path: 'a', bytes: null, parts: [] },
    ]);
    for (const end of [3, 100, file.length - 17, file.length - 1]) {
      expect(() => readAvroRows(file.subarray(0, end), PLAIN), `cut at ${end}`).toThrow(RangeError);
    }
  });

  it('are not guessed where a block does not end where it says', () => {
    const rows = ['a', 'b', 'c'].map((path) => ({ path }));
    const schema = schemaOf(['path', 4, 'string']);
    const block = Buffer.from([2, 0x61, 2, 0x62, 2, 0x63]);
    const file = fileOf(schema, undefined, 3, block);
    expect(readAvroRows(file, schema)).toEqual(rows);
    // Fewer rows than there are, and bytes in which the next block would be looked for.
    expect(() => readAvroRows(fileOf(schema, undefined, 2, block), schema)).toThrow(RangeError);
    const other = Buffer.from(file);
    other.writeUInt8(8, other.length - 1);
    expect(() => readAvroRows(other, schema)).toThrow(RangeError);
  });
});
