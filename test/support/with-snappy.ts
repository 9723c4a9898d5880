/** Avro files in a codec that only DuckDB reads. File -> file. */
import { crc32, inflateRawSync } from 'node:zlib';
import { AvroReader, readAvroHeader, writeAvroHeader } from '../../src/iceberg/avro-header.ts';

/**
 * The rows of a file of one small block in Snappy's frame, as literals (Avro specification, "Required
 * Codecs").
 */
export function withSnappy(file: Buffer): Buffer {
  const { entries, end } = readAvroHeader(file);
  const reader = new AvroReader(file, end + 16);
  if (reader.offset === file.length) return file;
  const rows = reader.long();
  const block = inflateRawSync(reader.bytes());
  const varint = (value: number): number[] =>
    value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
  const literals = Array.from({ length: Math.ceil(block.length / 60) }, (_, index) => {
    const part = block.subarray(index * 60, index * 60 + 60);
    return Buffer.concat([Buffer.from([(part.length - 1) * 4]), part]);
  });
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(block));
  const packed = Buffer.concat([Buffer.from(varint(block.length)), ...literals, sum]);
  const marker = file.subarray(end, end + 16);
  return Buffer.concat([
    writeAvroHeader(entries.map(([key, word]) => [key, key === 'avro.codec' ? Buffer.from('snappy') : word])),
    marker,
    Buffer.from([...varint(rows * 2), ...varint(packed.length * 2)]),
    packed,
    marker,
  ]);
}
