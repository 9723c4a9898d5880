/**
 * Reads and writes the header of an Avro file: its schema and its other metadata. Bytes -> entries -> bytes.
 * Pure. Avro specification, "Object Container Files": magic, then a map of metadata, then a 16-byte marker
 * and the blocks.
 */

import { avroName } from '../model/avro-name.ts';

export interface AvroHeader {
  /** In the file's order; values are bytes, most of them text. */
  readonly entries: readonly (readonly [key: string, value: Buffer])[];
  /** Where the marker begins. */
  readonly end: number;
}

const MAGIC_LENGTH = 4;
const MAGIC = 'Obj\u0001';

/** Reads the header at the beginning of `file`. Throws RangeError if the file ends before its header does. */
export function readAvroHeader(file: Buffer): AvroHeader {
  const header = new AvroReader(file, MAGIC_LENGTH);
  const entries: (readonly [string, Buffer])[] = [];
  for (let count = header.long(); count !== 0; count = header.long()) {
    if (count < 0) {
      header.long();
      count = -count;
    }
    for (let index = 0; index < count; index += 1) entries.push([header.bytes().toString(), header.bytes()]);
  }
  return { entries, end: header.offset };
}

/**
 * The schema in the header of a file whose beginning is given. Undefined if it is no Avro file, or if its
 * schema does not end within these bytes.
 */
export function avroSchemaIn(head: Buffer): string | undefined {
  if (head.toString('latin1', 0, MAGIC_LENGTH) !== MAGIC) return undefined;
  try {
    const [, schema] = readAvroHeader(head).entries.find(([key]) => key === 'avro.schema') ?? [];
    return schema?.toString();
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** The file with each value of its header replaced by what `change` makes of it. */
function changeAvroHeader(file: Buffer, change: (key: string, value: Buffer) => Buffer): Buffer {
  const { entries, end } = readAvroHeader(file);
  const changed = entries.map(([key, value]) => [key, change(key, value)] as const);
  return Buffer.concat([writeAvroHeader(changed), file.subarray(end)]);
}

/** A header without the marker at its end. */
export function writeAvroHeader(entries: AvroHeader['entries']): Buffer {
  const parts: Buffer[] = [Buffer.from(MAGIC)];
  if (entries.length > 0) parts.push(long(entries.length));
  for (const [key, value] of entries) {
    const name = Buffer.from(key);
    parts.push(long(name.length), name, long(value.length), value);
  }
  return Buffer.concat([...parts, long(0)]);
}

/** The file with another schema, which must fit its rows. */
export const changeAvroSchema = (file: Buffer, change: (schema: string) => string): Buffer =>
  changeAvroHeader(file, (key, value) =>
    key === 'avro.schema' ? Buffer.from(change(value.toString())) : value,
  );

/** The file with its names encoded so that Avro allows them; undefined if it has none to encode. */
export function encodeAvroNames(file: Buffer): Buffer | undefined {
  let isChanged = false;
  const encoded = changeAvroSchema(file, (schema) =>
    JSON.stringify(
      JSON.parse(schema, (key, value: unknown) => {
        if (key !== 'name' || typeof value !== 'string' || !/[^\p{ASCII}]/u.test(value)) return value;
        isChanged = true;
        return avroName(value);
      }),
    ),
  );
  return isChanged ? encoded : undefined;
}

/** Reads values one after the other. Throws RangeError if the bytes end before a value does. */
export class AvroReader {
  readonly file: Buffer;
  offset: number;
  constructor(file: Buffer, offset: number) {
    this.file = file;
    this.offset = offset;
  }
  byte(): number {
    const byte = this.file[this.offset];
    if (byte === undefined) throw new RangeError('the file ends too early');
    this.offset += 1;
    return byte;
  }
  /**
   * A zig-zag variable-length integer of 64 bits, read in two halves: BigInt arithmetic on each byte is much
   * slower.
   */
  bigLong(): bigint {
    let [low, high] = [0, 0];
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      const bits = byte & 0x7f;
      if (shift < 32) low |= bits << shift;
      if (shift > 28) high |= bits << (shift - 32);
      else if (shift === 28) high = bits >>> 4;
      if (byte < 0x80) break;
      if (shift === 63) throw new RangeError('an integer has more than 64 bits');
    }
    const sign = -(low & 1);
    HALVES.setInt32(0, (high >>> 1) ^ sign);
    HALVES.setInt32(4, ((low >>> 1) | (high << 31)) ^ sign);
    return HALVES.getBigInt64(0);
  }
  /** The same for an integer that fits a JavaScript number: lengths and counts. */
  long(): number {
    let value = 0;
    let factor = 1;
    for (;;) {
      const byte = this.byte();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) break;
      factor *= 128;
    }
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
  bytes(): Buffer {
    return this.take(this.long());
  }
  text(): string {
    const length = this.long();
    this.skip(length);
    return this.file.toString('utf8', this.offset - length, this.offset);
  }
  take(length: number): Buffer {
    this.skip(length);
    return this.file.subarray(this.offset - length, this.offset);
  }
  skip(length: number): void {
    this.offset += length;
    if (length < 0 || this.offset > this.file.length) throw new RangeError('the file ends too early');
  }
}

const HALVES = new DataView(new ArrayBuffer(8));

function long(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value * 2; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) {
      bytes.push(rest);
      return Buffer.from(bytes);
    }
    bytes.push((rest % 128) + 128);
  }
}
